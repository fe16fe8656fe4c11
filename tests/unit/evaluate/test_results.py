from dataclasses import replace

import numpy as np
import pytest

from sidelight.errors import ConfigError
from sidelight.evaluate.results import Results, Row, save_features

CONDITIONS = {"metrics": ["psnr"], "captions": ("right", "none")}
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


def test_a_folder_of_another_experiment_is_refused(tmp_path):
    Results(tmp_path, CONDITIONS)
    with pytest.raises(ConfigError, match="begun with other metrics: choose another folder"):
        Results(tmp_path, CONDITIONS | {"metrics": ["lpips"]})


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
