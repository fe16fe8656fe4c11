import numpy as np
import pytest
from PIL import Image

from sidelight.pixels.picture import from_pillow
from sidelight.pixels.profiles import rgb_to_srgb


def picture_with(mode: str, icc: bytes):
    image = Image.new(mode, (2, 2))
    image.info["icc_profile"] = icc
    return from_pillow(image)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "YCbCr"])
def test_rgb_profile_stays_with_colour(mode, rgb_profile):
    picture = picture_with(mode, rgb_profile)
    assert picture.icc == rgb_profile
    assert picture.notes == ()


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_gray_profile_stays_with_gray(mode, gray_profile):
    picture = picture_with(mode, gray_profile)
    assert picture.icc == gray_profile
    assert picture.notes == ()


def test_rgb_profile_does_not_fit_gray(rgb_profile):
    picture = picture_with("L", rgb_profile)
    assert picture.icc is None
    assert picture.notes == ("ICC profile for RGB does not fit the pixels and is dropped",)


def test_gray_profile_does_not_fit_colour(gray_profile):
    picture = picture_with("RGB", gray_profile)
    assert picture.icc is None
    assert picture.notes == ("ICC profile for GRAY does not fit the pixels and is dropped",)


def test_cmyk_profile_is_used_up_by_the_conversion(cmyk_profile):
    picture = picture_with("CMYK", cmyk_profile)
    assert picture.icc is None
    assert picture.notes == ("CMYK converted to sRGB with its profile",)


@pytest.mark.parametrize("mode", ["CMYK", "LAB"])
def test_rgb_profile_does_not_fit_what_was_converted(mode, rgb_profile):
    picture = picture_with(mode, rgb_profile)
    assert picture.icc is None
    assert "ICC profile for RGB does not fit the pixels and is dropped" in picture.notes


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("icc", [b"junk", b"\0" * 200, "text"])
def test_broken_profile_is_dropped(mode, icc):
    picture = picture_with(mode, icc)
    assert picture.icc is None
    assert "broken ICC profile dropped" in picture.notes


@pytest.mark.parametrize("end", [100, 140, 500])
def test_cut_cmyk_profile_falls_back_to_plain_conversion(cmyk_profile, end):
    picture = picture_with("CMYK", cmyk_profile[:end])
    assert picture.icc is None
    assert "CMYK converted to RGB without a profile" in picture.notes


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_conversion_to_srgb_follows_the_profile_and_keeps_alpha(mode, rgb_profile):
    exchanged = rgb_profile.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ")
    image = Image.new(mode, (2, 2), (200, 100, 50, 30)[: len(mode)])
    image.info["icc_profile"] = exchanged.replace(b"----", b"gXYZ")
    converted = np.asarray(rgb_to_srgb(image)).astype(int)
    assert np.abs(converted - (100, 200, 50, 30)[: len(mode)]).max() <= 2


@pytest.mark.parametrize("icc", [None, b"junk"])
def test_without_a_profile_that_works_nothing_is_converted(icc):
    image = Image.new("RGB", (2, 2), (200, 100, 50))
    image.info["icc_profile"] = icc
    assert rgb_to_srgb(image) is image
