from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image

from sidelight.pixels.exif import read_exif, turn_upright
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import from_pillow

STORED = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
SHOWN = {
    1: [[10, 20, 30], [40, 50, 60]],
    2: [[30, 20, 10], [60, 50, 40]],
    3: [[60, 50, 40], [30, 20, 10]],
    4: [[40, 50, 60], [10, 20, 30]],
    5: [[10, 40], [20, 50], [30, 60]],
    6: [[40, 10], [50, 20], [60, 30]],
    7: [[60, 30], [50, 20], [40, 10]],
    8: [[30, 60], [20, 50], [10, 40]],
}


def exif_with(**tags: object) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    return exif


def saved(image: Image.Image, format: str, **options: object) -> BytesIO:
    stream = BytesIO()
    image.save(stream, format, **options)
    stream.seek(0)
    return stream


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_follows_the_standard(orientation):
    assert turn_upright(STORED, orientation).tolist() == SHOWN[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_pixels_and_alpha_are_turned_once(format, orientation):
    rgba = np.dstack([STORED, STORED + 1, STORED + 2, STORED + 3])
    exif = exif_with(Orientation=orientation)
    stream = saved(Image.fromarray(rgba), format, exif=exif, lossless=True, exact=True)
    picture = read_picture(stream)
    assert picture.image[..., 0].tolist() == SHOWN[orientation]
    assert (picture.alpha == np.array(SHOWN[orientation]) + 3).all()
    assert picture.exif is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "AVIF"])
def test_lossy_formats_are_turned_too(format, orientation):
    flat = np.kron(STORED * 4, np.ones((16, 16), np.uint8))
    options = {"quality": 95, "exif": exif_with(Orientation=orientation)}
    picture = read_picture(saved(Image.fromarray(flat), format, **options))
    shown = np.array(SHOWN[orientation]) * 4
    assert np.abs(picture.image[8::16, 8::16, 0].astype(int) - shown).max() <= 4


def test_orientation_is_removed_and_the_rest_kept():
    image = Image.fromarray(STORED)
    image.info["exif"] = exif_with(Orientation=6, Make="Ricoh").tobytes()
    exif = Image.Exif()
    exif.load(from_pillow(image).exif)
    assert dict(exif) == {ExifTags.Base.Make: "Ricoh"}


def test_reading_leaves_the_image_as_it_was():
    image = Image.fromarray(STORED)
    image.info["exif"] = exif_with(Orientation=6).tobytes()
    read_exif(image)
    assert image.getexif()[ExifTags.Base.Orientation] == 6


def test_nested_directories_are_kept():
    exif = exif_with(Make="Ricoh")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.5
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    image = Image.fromarray(STORED)
    image.info["exif"] = exif.tobytes()
    kept = Image.Exif()
    kept.load(from_pillow(image).exif)
    assert kept.get_ifd(ExifTags.IFD.Exif) == {ExifTags.Base.ExposureTime: 0.5}
    assert kept.get_ifd(ExifTags.IFD.GPSInfo) == {ExifTags.GPS.GPSLatitudeRef: "N"}


def test_tags_that_describe_storage_are_dropped():
    image = Image.fromarray(STORED)
    image.info["exif"] = exif_with(ImageWidth=3, StripOffsets=8, Artist="Ada").tobytes()
    kept = Image.Exif()
    kept.load(read_exif(image).block)
    assert dict(kept) == {ExifTags.Base.Artist: "Ada"}


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientation_outside_the_standard_turns_nothing(orientation):
    image = Image.fromarray(STORED)
    image.info["exif"] = exif_with(Orientation=orientation).tobytes()
    assert read_exif(image).orientation == 1


@pytest.mark.parametrize(
    "block", [b"junk", b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\x05", b"Exif\0\0II*\0\xff\xff\0\0"]
)
def test_broken_exif_is_dropped_and_noted(block):
    image = Image.fromarray(STORED)
    image.info["exif"] = block
    picture = from_pillow(image)
    assert picture.exif is None
    assert picture.notes == (() if block == b"Exif\0\0" else ("broken EXIF dropped",))


def test_exif_cut_short_inside_a_jpeg_is_dropped_but_turns_the_pixels():
    block = exif_with(Orientation=6, Software="Ricoh Imaging").tobytes()[:-10]
    picture = read_picture(saved(Image.fromarray(STORED), "JPEG", exif=block))
    assert picture.exif is None
    assert picture.notes == ("broken EXIF dropped",)
    assert picture.image.shape == (3, 2, 3)


def test_image_without_exif_has_none():
    assert read_exif(Image.fromarray(STORED)) == (None, 1, ())
