"""Codecs with a carrier generator behind them, by their names in commands."""

import numpy as np
import pytest
from tests.golden.tiny_text import HashingTextEncoder
from tests.tiny_carrier import save_tiny_carrier

from sidelight.api import load_carrier
from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.improved_point import ImprovedPoint
from sidelight.evaluate.codecs.pillow import jpeg
from sidelight.evaluate.codecs.registry import codec_points, fine_settings
from sidelight.pixels.picture import Picture


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "sidelight.text.reader.load_text_encoder", lambda name: HashingTextEncoder()
    )
    return save_tiny_carrier(tmp_path / "tiny.safetensors")


def test_the_file_is_the_plain_codecs_and_the_picture_the_generators(model, make_picture):
    image, plain = make_picture(40, 56), jpeg(20)
    point = ImprovedPoint(plain, 1.0, model)
    data = point.encode(image)
    assert data == plain.encode(image)
    shown = [point.decode(data, text) for text in ("A dog.", "")]
    assert not np.array_equal(*shown)
    expected = load_carrier(model).improve(
        Picture(image=plain.decode(data, "")), "A dog.", realism=1.0, precision="fp32"
    )
    assert np.array_equal(shown[0], expected.image)
    said = point.describe()
    assert (said["program"], said["generator"], said["realism"]) == ("Pillow", "tiny-carrier", 1.0)
    assert said["trained_on"] == []  # this one has no recipe


def test_names_say_codec_and_place_of_the_dial():
    points = codec_points("jpeg+0.5", [20, 40])
    assert [(p.codec, p.setting) for p in points] == [
        ("jpeg+0.5", "quality=20"),
        ("jpeg+0.5", "quality=40"),
    ]
    assert all(point.reads_text for point in points)
    assert codec_points("webp+")[0].codec == "webp+"
    assert fine_settings("avif+1") == fine_settings("avif")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("jpeg+2", "between 0 .* got 2"),
        ("jpeg+much", "expected a place of the dial from 0 to 1"),
        ("gif+1", "no codec 'gif'"),
    ],
)
def test_what_is_no_codec_or_no_place_is_refused(name, said):
    with pytest.raises(ConfigError, match=said):
        codec_points(name)
