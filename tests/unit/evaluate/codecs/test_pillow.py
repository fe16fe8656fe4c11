import json
from statistics import fmean

import numpy as np
import pytest
from PIL import features

from sidelight.assets import ENVIRONMENT_VARIABLE, assets_folder, find_asset, find_assets
from sidelight.errors import CodecError, ConfigError
from sidelight.evaluate.codecs.pillow import avif, jpeg, jpeg2000, webp
from sidelight.pixels.files import read_picture

SIZES = [(48, 64), (47, 61), (7, 5)]
POINTS = [jpeg(90), webp(90), avif(80), jpeg2000(6)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.codec)
def test_what_was_coded_comes_back(make_picture, psnr_db, point, size):
    image = make_picture(*size) // 2 + 60
    data = point.encode(image)
    assert psnr_db(image, point.decode(data, "")) > (30 if min(size) > 8 else 17)
    assert np.array_equal(point.decode(data, "a dog"), point.decode(data, ""))
    assert not point.reads_text


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.codec)
def test_bytes_of_another_format_are_an_error(make_picture, point):
    other = POINTS[POINTS.index(point) - 1].encode(make_picture(16, 16))
    with pytest.raises(CodecError, match=f"{point.codec} cannot decode {len(other)} bytes"):
        point.decode(other, "")


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.codec)
def test_cut_bytes_are_an_error(make_picture, point):
    data = point.encode(make_picture(48, 64))
    with pytest.raises(CodecError, match=f"{point.codec} cannot decode 30 bytes"):
        point.decode(data[:30], "")


def test_a_picture_that_the_format_cannot_hold_is_an_error():
    with pytest.raises(CodecError, match=r"webp refuses a picture \(1, 16384, 3\)"):
        webp(10).encode(np.zeros((1, 16384, 3), np.uint8))


@pytest.mark.parametrize("ratio", [120, 24, 12])
def test_jpeg2000_keeps_to_the_rate_that_was_asked_for(make_picture, ratio):
    data = jpeg2000(ratio).encode(make_picture(256, 256))
    assert 8 * len(data) / 256**2 == pytest.approx(24 / ratio, rel=0.05)


def test_jpeg2000_transforms_colours_and_is_irreversible(make_picture):
    data = jpeg2000(24).encode(make_picture(48, 64))
    style = data[data.index(b"\xff\x52") + 4 :]  # of the COD marker: ISO 15444-1, A.6.1
    assert style[4] == 1  # multiple component transform
    assert style[9] == 0  # 9-7 wavelet


def test_the_description_has_versions_and_options():
    described = avif(35).describe()
    assert described["library"] == features.version("avif")
    options = {"format": "AVIF", "quality": 35, "speed": 4, "max_threads": 2}
    assert described["encode"] == options


def test_a_pillow_without_the_format_is_an_error_when_the_point_is_made(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name: name != "avif")
    webp(10)
    with pytest.raises(ConfigError, match=r"was built without AVIF: pip install"):
        avif(10)


def test_jpeg_is_the_anchor():
    if assets_folder() is None:
        pytest.skip(f"{ENVIRONMENT_VARIABLE} is not set: Kodak and the anchors are needed")
    images = [read_picture(path).image for path in find_assets("data/kodak/*.png")]
    anchor = json.loads(find_asset("kodak_anchors.json").read_text())["jpeg"][1]
    assert anchor["q"] == "{'quality': 20}"
    bpp = fmean(8 * len(jpeg(20).encode(image)) / image[..., 0].size for image in images)
    assert bpp == pytest.approx(anchor["bpp"], rel=1e-2)
