import numpy as np
import pytest
from benchmarks.eyes.prepare import code, series, within
from benchmarks.pictures import CaptionedPicture
from PIL import Image

from sidelight.pixels.files import read_picture


@pytest.mark.parametrize(("room", "quality"), [(100, 0), (105, 5), (106, 5), (1000, 100), (3, 0)])
def test_webp_takes_the_highest_quality_within_avifs_bytes(room, quality):
    coded = within(bytes(room), lambda quality: bytes(100 + quality // 5 * 5))
    assert coded.webp_quality // 5 == quality // 5
    assert len(coded.webp) == 100 + quality
    assert len(coded.avif) == room


def test_a_picture_gets_its_three_versions(tmp_path):
    draw = np.random.default_rng(1)
    coarse = Image.fromarray(draw.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    coarse.resize((64, 48)).save(tmp_path / "a.png")
    files = tmp_path / "files"
    row = code(CaptionedPicture(tmp_path / "a.png", ["Colours."], [""]), 60, files)
    assert row["webp_bytes"] <= row["avif_bytes"] == (files / "avif/a.avif").stat().st_size
    for label in ("Sidelight", "AVIF", "WebP"):
        place = series(label, files, ["a"]).pictures["a"]
        assert read_picture(place).image.shape == (48, 64, 3)
