import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile

from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.encoding import encode_picture
from sidelight.pixels.exif import KEPT_TAGS, read_exif
from sidelight.pixels.exif_block import (
    GPS,
    IMAGE,
    INTEROP,
    PHOTO,
    Entry,
    ExifContent,
    pack_exif,
    parse_exif,
)
from sidelight.pixels.files import read_picture
from sidelight.pixels.orientation import turn_upright
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


def test_sizes_are_those_of_the_upright_picture():
    exif = exif_with(Orientation=6)
    exif.get_ifd(ExifTags.IFD.Exif).update({0xA002: 3, 0xA003: 2})
    kept = Image.Exif()
    kept.load(read_picture(saved(Image.fromarray(STORED), "JPEG", exif=exif)).exif)
    assert kept.get_ifd(ExifTags.IFD.Exif) == {0xA002: 2, 0xA003: 3}


def test_what_one_program_or_maker_left_is_not_kept():
    exif = exif_with(Artist="Ada")
    exif[37724] = bytes(400_000)  # Photoshop's layers
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = bytes(5000)
    block = read_exif(with_exif(exif.tobytes())).block
    assert len(block) < 100
    for order in ("PNG", "TIFF"):
        picture = read_picture(saved(Image.fromarray(STORED), order, exif=exif))
        assert len(picture.exif) < 100


def with_exif(block: bytes) -> Image.Image:
    image = Image.fromarray(STORED)
    image.info["exif"] = block
    return image


def test_a_broken_entry_does_not_take_the_others_with_it():
    block = exif_with(Artist="Ada Lovelace", Copyright="Ada Lovelace, all rights").tobytes()
    found = read_exif(with_exif(block[:-4]))
    kept = Image.Exif()
    kept.load(found.block)
    assert dict(kept) == {ExifTags.Base.Artist: "Ada Lovelace"}
    assert found.notes == ("broken EXIF dropped",)


def test_a_value_too_large_for_any_viewer_is_dropped_and_told():
    block = exif_with(ImageDescription="x" * 40_000, Artist="Ada").tobytes()
    kept = Image.Exif()
    kept.load(read_exif(with_exif(block)).block)
    assert dict(kept) == {ExifTags.Base.Artist: "Ada"}
    assert read_exif(with_exif(block)).notes == ("EXIF tag 270 of 40001 bytes dropped",)


def test_many_large_values_together_fit_into_a_jpeg():
    exif = exif_with(**dict.fromkeys(("ImageDescription", "Artist", "Copyright"), "x" * 30_000))
    picture = read_picture(saved(Image.fromarray(STORED), "PNG", exif=exif))
    assert encode_picture(picture, "jpg")
    assert len(picture.notes) == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_was_packed_is_what_is_read(order):
    directories = {
        IMAGE: {271: Entry(2, b"Ricoh\0"), 282: Entry(5, bytes(8))},
        PHOTO: {36867: Entry(2, b"2026\0"), 33437: Entry(5, bytes(range(8)))},
        GPS: {1: Entry(2, b"N\0"), 2: Entry(5, bytes(24))},
        INTEROP: {1: Entry(2, b"R03\0")},
    }
    content = ExifContent(order, directories)
    assert parse_exif(pack_exif(content), KEPT_TAGS) == content


def test_what_pillow_reads_of_a_packed_block_is_what_was_put_in():
    content = ExifContent(
        ">", {PHOTO: {36867: Entry(2, b"2026\0")}, INTEROP: {1: Entry(2, b"R98\0")}}
    )
    content.put_text(IMAGE, 315, "Ada Lovelace")
    content.put_number(PHOTO, 0xA002, 7)
    exif = Image.Exif()
    exif.load(pack_exif(content))
    photo = exif.get_ifd(ExifTags.IFD.Exif)
    assert exif[315] == "Ada Lovelace"
    assert (photo[36867], photo[0xA002]) == ("2026", 7)
    assert exif.get_ifd(ExifTags.IFD.Interop) == {1: "R98"}


def test_directories_that_lead_to_themselves_end():
    block = exif_with(Make="Ricoh").tobytes()
    looped = block[:6] + b"MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08" + bytes(4)
    assert read_exif(with_exif(looped)).block is None


def test_another_thread_that_warns_costs_nothing(monkeypatch):
    load = ImageFile.ImageFile.load

    def load_while_another_thread_warns(self):
        thread = threading.Thread(target=warnings.warn, args=("hello", UserWarning, 1))
        thread.start()
        thread.join()
        return load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load_while_another_thread_warns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as some other part of a program may
        stream = saved(Image.fromarray(STORED), "JPEG", exif=exif_with(Make="Ricoh"))
        assert read_picture(stream).exif is not None


def test_reading_in_threads_leaves_the_filters_alone():
    data = saved(Image.fromarray(STORED), "JPEG", exif=exif_with(Make="Ricoh")).getvalue()
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: decode_picture(data), range(200)))
    assert warnings.filters == before


def test_image_without_exif_has_none():
    assert read_exif(Image.fromarray(STORED)) == (None, 1, ())
