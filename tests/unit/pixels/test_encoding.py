from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from sidelight.errors import ImageError
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.encoding import encode_picture, fitted
from sidelight.pixels.picture import Picture

RGB = np.random.default_rng(1).integers(0, 256, (16, 24, 3), dtype=np.uint8)
GRAY = np.repeat(RGB[..., :1], 3, axis=2)
ALPHA = np.random.default_rng(2).integers(0, 256, (16, 24), dtype=np.uint8)
ALPHA[:8] = 0  # where encoders like to change the colour


def camera_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[271] = "Ricoh"
    exif.get_ifd(0x8769)[0x829A] = 0.5
    return exif


@pytest.mark.parametrize("format", ["png", "tif", "tiff", "webp", "bmp", "ppm", "PNG"])
def test_lossless_formats_keep_every_pixel(format):
    assert (decode_picture(encode_picture(Picture(image=RGB), format)).image == RGB).all()


@pytest.mark.parametrize("format", ["png", "tiff", "webp"])
def test_lossless_formats_keep_alpha_and_the_colour_under_it(format):
    picture = decode_picture(encode_picture(Picture(image=RGB, alpha=ALPHA), format))
    assert (picture.image == RGB).all()
    assert (picture.alpha == ALPHA).all()


@pytest.mark.parametrize("format", ["png", "tiff", "jpg", "avif", "bmp", "pgm"])
def test_gray_stays_gray(format):
    assert decode_picture(encode_picture(Picture(image=GRAY, gray=True), format)).gray


@pytest.mark.parametrize("format", ["jpg", "avif"])
def test_colour_is_not_subsampled(format):
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, ::2] = (255, 0, 0)
    image[:, 1::2] = (0, 0, 255)
    decoded = decode_picture(encode_picture(Picture(image=image), format)).image
    assert np.abs(decoded.astype(int) - image).mean() < 10  # over 50 with 4:2:0


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpg", "avif"])
def test_profile_is_kept_byte_for_byte(format, rgb_profile):
    data = encode_picture(Picture(image=RGB, icc=rgb_profile), format)
    assert decode_picture(data).icc == rgb_profile


@pytest.mark.parametrize("format", ["png", "tiff", "jpg"])
def test_gray_profile_is_kept_byte_for_byte(format, gray_profile):
    data = encode_picture(Picture(image=GRAY, gray=True, icc=gray_profile), format)
    assert decode_picture(data).icc == gray_profile


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_gray_profile_is_left_out_where_gray_may_become_rgb(format, gray_profile):
    source = Picture(image=GRAY, alpha=ALPHA, gray=True, icc=gray_profile)
    picture = decode_picture(encode_picture(source, format))
    assert picture.icc is None
    assert picture.notes == ()


@pytest.mark.parametrize("format", ["png", "webp", "jpg", "avif"])
def test_exif_is_kept_byte_for_byte(format):
    exif = camera_exif().tobytes()
    assert decode_picture(encode_picture(Picture(image=RGB, exif=exif), format)).exif == exif


def test_tiff_keeps_the_tags_of_exif():
    data = encode_picture(Picture(image=RGB, exif=camera_exif().tobytes()), "tiff")
    exif = Image.Exif()
    exif.load(decode_picture(data).exif)
    assert exif[271] == "Ricoh"
    assert exif.get_ifd(0x8769) == {0x829A: 0.5}


@pytest.mark.parametrize("format", ["bmp", "ppm"])
def test_formats_without_a_profile_hold_the_colours_in_srgb(format, exchanged_profile):
    source = Picture(image=RGB, icc=exchanged_profile)
    decoded = decode_picture(encode_picture(source, format))
    assert decoded.icc is None
    assert np.abs(decoded.image.astype(int) - RGB[..., (1, 0, 2)]).max() <= 2


@pytest.mark.parametrize("format", ["webp", "avif", "bmp"])
def test_gray_holds_its_tones_where_its_profile_cannot_go_along(format, gray_profile):
    source = Picture(image=GRAY, alpha=None, gray=True, icc=gray_profile)
    decoded = decode_picture(encode_picture(source, format)).image[..., 0].astype(int)
    in_srgb = ImageCms.profileToProfile(
        Image.fromarray(RGB[..., 0]),
        ImageCms.ImageCmsProfile(BytesIO(gray_profile)),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    assert np.abs(decoded - np.asarray(in_srgb)[..., 0]).mean() < 1
    assert np.abs(decoded - GRAY[..., 0]).max() > 2  # there was something to convert


def test_what_a_format_does_not_hold_is_told(exchanged_profile, rgb_profile):
    exif = camera_exif().tobytes()
    source = Picture(image=RGB, icc=exchanged_profile, exif=exif, xmp=b"<x/>")
    assert fitted(source, "png") is source
    assert fitted(source, "bmp").notes == (
        "converted to sRGB, without its ICC profile",
        "EXIF and XMP left out, which BMP does not hold",
    )
    assert fitted(Picture(image=RGB, icc=rgb_profile), "ppm").notes == ()  # sRGB as it is


@pytest.mark.parametrize("format", ["jpg", "jpeg", "bmp", "ppm"])
def test_alpha_is_refused_where_it_would_be_lost(format):
    with pytest.raises(ImageError, match=r"has no alpha channel .* use PNG or WebP"):
        encode_picture(Picture(image=RGB, alpha=ALPHA), format)


@pytest.mark.parametrize("format", ["slt", "", "gif"])
def test_unknown_format_is_refused_with_the_possible_ones(format):
    with pytest.raises(ImageError, match=f"format '{format}'; possible are png, webp"):
        encode_picture(Picture(image=RGB), format)


def test_size_that_a_format_cannot_hold_is_refused():
    with pytest.raises(ImageError, match="WEBP cannot hold this picture of 20000x1 px"):
        encode_picture(Picture(image=np.zeros((1, 20000, 3), np.uint8)), "webp")


def test_exif_that_a_format_cannot_hold_is_refused():
    with pytest.raises(ImageError, match="JPEG cannot hold"):
        encode_picture(Picture(image=RGB, exif=b"Exif\0\0" + bytes(70000)), "jpg")
