import numpy as np
import pytest
from PIL import Image

from sidelight.pixels.picture import Picture, from_pillow, to_pillow

RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
GRAY = np.repeat(RGB[..., :1], 3, axis=2)
ALPHA = np.array([[0, 1, 2], [3, 4, 255]], np.uint8)


@pytest.mark.parametrize(
    "image", [RGB.astype(float), RGB[..., 0], RGB[..., :2], RGB[:0], np.zeros((2, 3, 4), np.uint8)]
)
def test_image_of_another_kind_is_refused(image):
    with pytest.raises(ValueError, match=r"image must be uint8 \(h, w, 3\), got"):
        Picture(image=image)


@pytest.mark.parametrize("alpha", [ALPHA.T, ALPHA[..., None], ALPHA.astype(bool)])
def test_alpha_that_does_not_fit_is_refused(alpha):
    with pytest.raises(ValueError, match=r"alpha must be uint8 \(2, 3\), got"):
        Picture(image=RGB, alpha=alpha)


def test_width_counts_columns_and_height_rows():
    picture = Picture(image=RGB)
    assert (picture.width, picture.height) == (3, 2)


@pytest.mark.parametrize(
    ("image", "alpha", "gray", "mode"),
    [
        (RGB, None, False, "RGB"),
        (RGB, ALPHA, False, "RGBA"),
        (GRAY, None, True, "L"),
        (GRAY, ALPHA, True, "LA"),
    ],
)
def test_pillow_and_back_changes_nothing(image, alpha, gray, mode):
    pillow = to_pillow(Picture(image=image, alpha=alpha, gray=gray))
    assert pillow.mode == mode
    picture = from_pillow(pillow)
    assert (picture.image == image).all()
    assert (picture.alpha is None) if alpha is None else (picture.alpha == alpha).all()
    assert picture.gray == gray


def test_gray_planes_that_drifted_apart_are_shown_as_luma():
    image = np.full((1, 1, 3), (90, 100, 110), np.uint8)
    assert to_pillow(Picture(image=image, gray=True)).getpixel((0, 0)) == 98


def test_opaque_alpha_is_dropped():
    assert from_pillow(Image.new("RGBA", (2, 2), (1, 2, 3, 255))).alpha is None


def test_arrays_can_be_written_to():
    for mode in ("RGB", "RGBA", "L", "LA", "P", "CMYK", "I;16"):
        picture = from_pillow(Image.new(mode, (2, 2)))
        assert picture.image.flags.writeable
        assert picture.alpha is None or picture.alpha.flags.writeable


def test_profile_exif_and_xmp_go_into_info(rgb_profile):
    exif = Image.Exif()
    exif[271] = "Ricoh"
    pillow = to_pillow(Picture(image=RGB, icc=rgb_profile, exif=exif.tobytes(), xmp=b"<x/>"))
    assert pillow.info["icc_profile"] == rgb_profile
    assert pillow.info["xmp"] == b"<x/>"
    assert pillow.getexif()[271] == "Ricoh"


def test_pixels_that_are_upright_are_not_turned_and_lose_the_orientation():
    exif = Image.Exif()
    exif[271], exif[274] = "Ricoh", 6
    image = Image.fromarray(RGB)
    image.info["exif"] = exif.tobytes()
    picture = from_pillow(image, is_upright=True)
    assert (picture.image == RGB).all()
    assert picture.exif == from_pillow(image).exif
