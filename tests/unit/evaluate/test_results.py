from dataclasses import replace

import numpy as np
import pytest

from sidelight.errors import ConfigError
from sidelight.evaluate.results import Results, Row, save_features

CODECS = {"sidelight": {"quality=3": {"model": "a"}}}
CONDITIONS = {"metrics": ["psnr"], "captions": ("right", "none"), "codecs": CODECS}
ROW = Row(
    codec="sidelight",
    setting="quality=3",
    captions="right",
    image="a.png",
    width=100,
    height=50,
    bytes=250,
    caption_bytes=50,
    encode_s=0.1,
    decode_s=0.2,
    metrics={"psnr": 30.0},
)


def test_rows_survive_a_new_start(tmp_path):
    Results(tmp_path, CONDITIONS).add([ROW, replace(ROW, captions="none")])
    again = Results(tmp_path, CONDITIONS)
    assert again.rows == [ROW, replace(ROW, captions="none")]
    assert again.missing("sidelight", "quality=3", "a.png", ["right", "none"]) == ()
    assert again.missing("sidelight", "quality=3", "a.png", ["right", "wrong"]) == ("wrong",)
    assert again.missing("sidelight", "quality=5", "a.png", ["right"]) == ("right",)


def test_a_line_that_a_cut_left_unfinished_is_measured_again(tmp_path):
    results = Results(tmp_path, CONDITIONS)
    results.add([ROW])
    with (tmp_path / "pictures.jsonl").open("a") as stream:
        stream.write('{"codec": "sidelight", "sett')
    again = Results(tmp_path, CONDITIONS)
    again.add([replace(ROW, image="b.png")])
    assert [row.image for row in Results(tmp_path, CONDITIONS).rows] == ["a.png", "b.png"]


def test_a_folder_in_which_nothing_was_measured_binds_nobody(tmp_path):
    Results(tmp_path, CONDITIONS)
    other = CONDITIONS | {"metrics": ["lpips"]}
    assert Results(tmp_path, other).conditions["metrics"] == ["lpips"]


def test_a_folder_of_another_experiment_is_refused(tmp_path):
    Results(tmp_path, CONDITIONS).add([ROW])
    with pytest.raises(ConfigError, match="begun with other metrics: choose another folder"):
        Results(tmp_path, CONDITIONS | {"metrics": ["lpips"]})


def test_codecs_join_a_folder_and_stay_known(tmp_path):
    Results(tmp_path, CONDITIONS).keep_file("sidelight", "quality=3", "a.png", b"coded")
    more = {"sidelight": {"quality=5": {"model": "a"}}, "vvc": {"qp=37": {"version": "1"}}}
    assert Results(tmp_path, CONDITIONS | {"codecs": more}).conditions["codecs"] == {
        "sidelight": {"quality=3": {"model": "a"}, "quality=5": {"model": "a"}},
        "vvc": {"qp=37": {"version": "1"}},
    }
    assert Results(tmp_path, CONDITIONS).conditions["codecs"].keys() == {"sidelight", "vvc"}


def test_a_codec_that_has_changed_cannot_join(tmp_path):
    Results(tmp_path, CONDITIONS).add([ROW])
    other = {"sidelight": {"quality=3": {"model": "b"}}}
    with pytest.raises(ConfigError, match="begun with other sidelight quality=3: choose"):
        Results(tmp_path, CONDITIONS | {"codecs": other})


def test_points_that_lack_a_picture_are_passed_over(tmp_path):
    results = Results(tmp_path, CONDITIONS)
    results.add([ROW, replace(ROW, image="b.png"), replace(ROW, setting="quality=5")])
    results.pass_over_unfinished(2)
    assert {row.setting for row in results.rows} == {"quality=3"}
    assert len(Results(tmp_path).rows) == 3


def test_rates_are_bits_of_the_whole_file_per_pixel():
    assert ROW.bpp == pytest.approx(0.4)
    assert ROW.bpp_with_caption == pytest.approx(0.48)


def test_files_and_features_come_back(tmp_path):
    results = Results(tmp_path, CONDITIONS)
    results.keep_file("vvc", "qp=3/7", "a.png", b"bytes")
    assert results.read_file("vvc", "qp=3/7", "a.png") == b"bytes"
    for k, image in enumerate(("a.png", "b.png")):
        features = np.full((k + 1, 4), k, np.float32)
        save_features(results.features_path("net", image, "vvc", "qp=3/7", "-"), features)
    found = results.features("net", "b.png", "vvc", "qp=3/7", "-")
    assert found.tolist() == [[1] * 4] * 2


def test_names_that_differ_never_share_a_file(tmp_path):
    results = Results(tmp_path, CONDITIONS)
    names = [
        "a b.png",
        "a_b.png",
        "a%20b.png",
        "a/b.png",
        "A b.png",
        "\u00e4.png",
        "a\udcff.png",
        "..",
    ]
    names += ["x" * 250 + ".png", "x" * 251 + ".png", " " * 90]
    for k, name in enumerate(names):
        results.keep_file("vvc", "qp=37", name, bytes([k]))
        save_features(results.features_path("net", name), np.full((1, 1), k, np.float32))
    for k, name in enumerate(names):
        assert results.read_file("vvc", "qp=37", name) == bytes([k])
        assert results.features("net", name).item() == k
    assert len(list((tmp_path / "files" / "vvc" / "qp=37").iterdir())) == len(names)
    results.keep_file("..", "..", "..", b"inside")
    assert not list(tmp_path.parent.glob("%*"))


def test_rows_that_two_processes_wrote_twice_count_once(tmp_path):
    Results(tmp_path, CONDITIONS).add([ROW])
    path = tmp_path / "pictures.jsonl"
    path.write_text(2 * path.read_text())
    again = Results(tmp_path, CONDITIONS)
    again.pass_over_unfinished(1)
    assert again.rows == [ROW]


@pytest.mark.parametrize("line", ["{", "[]", '{"codec": "x"}', "null", "[" * 9999, "\u00ff"])
def test_a_damaged_row_is_named_with_its_line(tmp_path, line):
    Results(tmp_path, CONDITIONS).add([ROW])
    with (tmp_path / "pictures.jsonl").open("a", encoding="latin-1") as stream:
        stream.write(line + "\n")
    with pytest.raises(ConfigError, match=r"pictures\.jsonl, line 2 is damaged"):
        Results(tmp_path, CONDITIONS)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"codecs": 3}', "[" * 9999])
def test_damaged_conditions_are_one_clear_error(tmp_path, content):
    (tmp_path / "conditions.json").write_text(content)
    with pytest.raises(ConfigError, match=r"conditions\.json is damaged"):
        Results(tmp_path, CONDITIONS)


def test_a_file_that_is_gone_is_named(tmp_path):
    results = Results(tmp_path, CONDITIONS)
    with pytest.raises(ConfigError, match="a coded file cannot be read"):
        results.read_file("vvc", "qp=37", "a.png")
    path = results.features_path("net", "a.png")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    with pytest.raises(ConfigError, match="features cannot be read"):
        results.features("net", "a.png")
