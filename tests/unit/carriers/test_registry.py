import struct

import numpy as np
import pytest
from tests.captioned_pictures import saved

from sidelight.carriers.reading import read
from sidelight.carriers.registry import CARRIERS, SUFFIXES, carrier_of_suffix, sniff
from sidelight.errors import ImageError
from sidelight.pixels.picture import Picture


def file_type(major: bytes, *compatible: bytes) -> bytes:
    brands = major + bytes(4) + b"".join(compatible)
    return struct.pack(">I4s", 8 + len(brands), b"ftyp") + brands


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
def test_files_are_known_by_their_first_bytes(carrier, plain):
    data = carrier.encode(plain, 3)
    assert sniff(data) is carrier
    assert sniff(data[:64]) is carrier
    assert sniff(data[1:]) is None
    assert read(data).codec == carrier.name


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (file_type(b"avif", b"mif1"), "avif"),
        (file_type(b"mif1", b"miaf", b"avif"), "avif"),
        (file_type(b"avis"), "avif"),
        (file_type(b"heic", b"mif1"), None),
        (file_type(b"mif1") + b"avif", None),
        (b"\xff\xd8\xff\xe1", "jpeg"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"\xff\x0a", "jxl"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"", None),
    ],
)
def test_starts_of_other_programs_files(start, name):
    assert sniff(start) is CARRIERS.get(name)


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        (".avif", "avif"),
        (".jpg", "jpeg"),
        (".JPEG", "jpeg"),
        (".webp", "webp"),
        (".jxl", "jxl"),
        (".slt", None),
        ("avif", None),
        ("", None),
    ],
)
def test_suffixes_name_carriers(suffix, name):
    assert carrier_of_suffix(suffix) is CARRIERS.get(name)


def test_each_suffix_has_one_carrier():
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    assert {carrier_of_suffix(suffix).name for suffix in SUFFIXES} == set(CARRIERS)


@pytest.mark.parametrize("format", ["PNG", "GIF", "TIFF"])
def test_files_of_other_formats_are_refused(format):
    data = saved(format)
    message = rf"{len(data)} bytes that start with '{data[:12].hex(' ')}', .* AVIF, JPEG, WebP"
    with pytest.raises(ImageError, match=message):
        read(data)


@pytest.mark.parametrize("name", ["avif", "jpeg", "webp"])
def test_the_longest_side_that_is_written_is_read_again(name):
    carrier = CARRIERS[name]
    picture = Picture(image=np.full((1, carrier.max_side_px, 3), 90, np.uint8))
    assert read(carrier.encode(picture, 1)).picture.width == carrier.max_side_px
