import pytest

from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.registry import FAMILIES, codec_points

PROGRAMS_OF_THEIR_OWN = ("bpg", "vtm")
HERE = [name for name in FAMILIES if name not in PROGRAMS_OF_THEIR_OWN]


@pytest.mark.parametrize("name", [name for name in HERE if name != "sidelight"])
def test_files_grow_from_point_to_point(make_picture, name):
    image = make_picture(160, 192)  # JPEG 2000 at a ratio of 240 has bytes to spend
    points = codec_points(name)
    assert len(points) >= 4
    sizes = [len(point.encode(image)) for point in points]
    assert sizes == sorted(set(sizes))
    assert {point.codec for point in points} == {name}


def test_sidelight_is_the_default_model():
    points = codec_points("sidelight", [9, 1])
    assert [point.setting for point in points] == ["quality=1", "quality=9"]
    assert points[0].describe()["model"] == "small"


@pytest.mark.parametrize(
    ("name", "given", "settings"),
    [
        ("avif", [60, 15.0, 35], ["quality=15", "quality=35", "quality=60"]),
        ("vvc", [28, 42, 35], ["qp=42", "qp=35", "qp=28"]),
        ("jpeg2000", [24, 53.5], ["ratio=53.5", "ratio=24"]),
    ],
)
def test_settings_are_sorted_from_small_files_to_large(name, given, settings):
    assert [point.setting for point in codec_points(name, given)] == settings


@pytest.mark.parametrize("name", FAMILIES)
def test_default_settings_are_in_range_and_in_one_order(name):
    family = FAMILIES[name]
    assert len(family.defaults) >= 4
    assert all(family.lowest <= setting <= family.highest for setting in family.defaults)
    ascending = sorted(family.defaults)
    assert list(family.defaults) in (ascending, ascending[::-1])


def test_an_unknown_codec_gets_the_list_of_the_known():
    with pytest.raises(ConfigError, match="no codec 'jpg', known are avif, bpg, hevc, jpeg, jpeg-"):
        codec_points("jpg")


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("avif", 101, "avif takes as quality whole numbers from 0 to 100, got 101"),
        ("webp", 10.5, "webp takes as quality whole numbers from 0 to 100, got 10.5"),
        ("hevc", -1, "hevc takes as qp whole numbers from 0 to 51, got -1"),
        ("jpeg-xl", float("nan"), "jpeg-xl takes as distance numbers from 0.1 to 15, got nan"),
    ],
)
def test_a_setting_that_the_codec_does_not_know_is_an_error(name, setting, message):
    with pytest.raises(ConfigError, match=message):
        codec_points(name, [setting])


@pytest.mark.parametrize("name", PROGRAMS_OF_THEIR_OWN)
def test_a_missing_program_is_an_error_when_the_points_are_made(monkeypatch, tmp_path, name):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SIDELIGHT_VTM_ENCODER", raising=False)
    with pytest.raises(ConfigError, match="build"):
        codec_points(name)
