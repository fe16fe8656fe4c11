import dataclasses
import importlib.util
import math

import numpy as np
import pytest
from tests.captioned_pictures import XMP
from tests.unit.carriers.conftest import ALPHA

from sidelight.captions.metadata import xmp_caption
from sidelight.carriers.carrier import KNOT_QUALITIES
from sidelight.carriers.reading import read
from sidelight.carriers.registry import CARRIERS
from sidelight.errors import ConfigError, ImageError
from sidelight.pixels.picture import Picture
from sidelight.pixels.srgb import to_srgb

pytestmark = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
CONVERTED = "converted to sRGB, without its ICC profile"
STEPS = [1 + k / 16 for k in range(129)]


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b).mean())


@pytest.mark.parametrize("quality", [0.9, 9.1, math.nan, -1])
def test_quality_beyond_the_scale_is_refused(carrier, quality, plain):
    with pytest.raises(ConfigError, match=f"quality must be between 1 and 9, got {quality}"):
        carrier.encode(plain, quality)


def test_own_qualities_grow_from_knot_to_knot(carrier):
    own = [carrier.own_quality(quality) for quality in STEPS]
    assert own == sorted(own)
    assert [carrier.own_quality(quality) for quality in KNOT_QUALITIES] == list(carrier.knots)
    assert set(own) <= set(carrier.own_qualities)


def test_a_higher_quality_takes_more_bytes_and_is_nearer(carrier, plain):
    files = [carrier.encode(plain, quality) for quality in (1, 5, 9)]
    assert sorted(files, key=len) == files
    errors = [difference(read(data).picture.image, plain.image) for data in files]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 4


def test_effort_changes_the_file_and_nothing_is_as_its_own(carrier, plain):
    if not carrier.has_efforts:
        with pytest.raises(ConfigError, match="JPEG has one effort: leave it out, got 3"):
            carrier.encode(plain, effort=3)
        return
    files = [carrier.encode(plain, effort=effort) for effort in (1, 9)]
    assert files[0] != files[1]
    assert carrier.encode(plain) == carrier.encode(plain, effort=carrier.effort)
    largest = len(carrier.encode(plain, effort=1))
    assert len(carrier.encode_to_size(plain, largest, effort=1)) <= largest


@pytest.mark.parametrize("effort", [0, 10, 2.5, 3.0])
def test_effort_beyond_the_scale_is_refused(carrier, effort, plain):
    with pytest.raises(
        ConfigError, match=f"effort must be a whole number from 1 to 9, got {effort}"
    ):
        carrier.encode(plain, effort=effort)


def test_a_size_gives_the_best_file_within_it(carrier, image):
    picture = Picture(image=image[:16, :24])
    files = [
        carrier.write(picture, own_quality, carrier.effort) for own_quality in carrier.own_qualities
    ]
    smallest, largest = len(files[0]), max(len(data) for data in files)
    for max_bytes in (smallest, (2 * smallest + largest) // 3, largest):
        data = carrier.encode_to_size(picture, max_bytes)
        assert len(data) <= max_bytes
        after = files[files.index(data) :]
        better = [other for other in after if other != data]
        assert not better or len(better[0]) > max_bytes or max_bytes == largest


def test_a_size_holds_with_metadata_and_caption(carrier, image, exif):
    picture = Picture(image=image, exif=exif)
    max_bytes = len(carrier.encode(picture, 5, caption="A dog."))
    data = carrier.encode_to_size(picture, max_bytes, caption="A dog.")
    assert len(data) <= max_bytes
    assert xmp_caption(read(data).picture.xmp) == "A dog."


def test_a_size_that_cannot_be_reached_is_refused(carrier, plain):
    smallest = len(carrier.write(plain, carrier.own_qualities[0], carrier.effort))
    with pytest.raises(ConfigError, match=f"takes {smallest} bytes .* the {smallest - 1} asked"):
        carrier.encode_to_size(plain, smallest - 1)


@pytest.mark.parametrize("max_bytes", [math.nan, math.inf, 0, -5, "900"])
def test_a_size_that_is_none_is_refused(carrier, max_bytes, plain):
    with pytest.raises(ConfigError, match=f"max_bytes must be > 0 and finite, got {max_bytes!r}"):
        carrier.encode_to_size(plain, max_bytes)


def test_a_caption_without_a_visible_character_is_none(carrier, plain):
    assert carrier.encode(plain, caption=" \n\u3000") == carrier.encode(plain)


def test_a_picture_that_is_too_large_is_refused(carrier, plain):
    small = dataclasses.replace(carrier, max_side_px=63)
    message = f"{carrier.title} holds at most 63 px a side, this picture is 64x48 px; scale it down"
    for encode in (small.encode, lambda p: small.encode_to_size(p, 1000)):
        with pytest.raises(ImageError, match=message):
            encode(plain)


def test_alpha_is_kept_or_refused(carrier, image):
    picture = Picture(image=image, alpha=ALPHA)
    if not carrier.has_alpha:
        with pytest.raises(ImageError, match=r"no alpha channel .* use AVIF, WebP or JPEG XL"):
            carrier.encode(picture, 9)
        return
    decoded = read(carrier.encode(picture, 9)).picture
    assert difference(decoded.alpha, ALPHA) < 3
    assert difference(decoded.image, image) < 5


def test_gray_stays_gray_where_the_format_can(carrier, image):
    gray = Picture(image=image[..., :1].repeat(3, axis=2), gray=True)
    decoded = read(carrier.encode(gray, 9)).picture
    assert decoded.gray == (carrier.name != "webp")
    assert difference(decoded.image, gray.image) < 4


def test_metadata_is_kept(carrier, image, exif, rgb_profile):
    picture = Picture(image=image, exif=exif, xmp=XMP, icc=rgb_profile)
    decoded = read(carrier.encode(picture, 5)).picture
    assert decoded.exif == exif
    assert decoded.xmp == XMP
    assert decoded.icc == (None if carrier.name == "jxl" else rgb_profile)
    assert decoded.notes == ()


def test_colours_stay_what_the_profile_says(carrier, image, exchanged_profile):
    decoded = read(carrier.encode(Picture(image=image, icc=exchanged_profile), 9)).picture
    if carrier.name == "jxl":
        assert difference(decoded.image, image[..., (1, 0, 2)]) < 3
        assert carrier.fitted(Picture(image=image, icc=exchanged_profile)).notes == (CONVERTED,)
    else:
        assert decoded.icc == exchanged_profile
        assert difference(decoded.image, image) < 4


def test_gray_holds_its_tones_where_its_profile_cannot_go_along(carrier, gray_profile):
    plane = np.linspace(20, 235, 64 * 48).reshape(48, 64).astype(np.uint8)
    image = plane[..., None].repeat(3, axis=2)
    decoded = read(carrier.encode(Picture(image=image, gray=True, icc=gray_profile), 9)).picture
    is_kept = decoded.icc == gray_profile
    assert is_kept == (carrier.name == "jpeg")
    shown = to_srgb(Picture(image=image, gray=True, icc=gray_profile)).image
    assert difference(shown, image) > 1
    assert difference(decoded.image, image if is_kept else shown) < 1
    told = carrier.fitted(Picture(image=image, gray=True, icc=gray_profile)).notes
    assert told == (() if is_kept else (CONVERTED,))


def test_the_caption_becomes_the_description_beside_what_xmp_says(carrier, image):
    data = carrier.encode(Picture(image=image, xmp=XMP), 5, caption="Ein <Hund> & Café.")
    packet = read(data).picture.xmp
    assert xmp_caption(packet) == "Ein <Hund> & Café."
    assert "A dog." in packet.decode()


@pytest.mark.parametrize("caption", [None, ""])
def test_without_a_caption_the_file_is_as_it_was(carrier, plain, caption):
    assert carrier.encode(plain, 5, caption=caption) == carrier.encode(plain, 5)


def test_an_encoder_that_is_not_installed_is_named(carrier, plain, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    if carrier.name == "jxl":
        with pytest.raises(ImageError, match=r"imagecodecs: pip install 'sidelight\[jxl\]'"):
            carrier.encode(plain)
    else:
        carrier.encode(plain)  # nothing beyond the default install


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 2)])
def test_small_pictures_keep_their_size(carrier, image, size):
    picture = Picture(image=np.ascontiguousarray(image[: size[0], : size[1]]))
    decoded = read(carrier.encode(picture, 9)).picture
    assert (decoded.height, decoded.width) == size
    assert difference(decoded.image, picture.image) < 8
