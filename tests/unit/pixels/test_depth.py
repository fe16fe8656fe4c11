import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from sidelight.errors import ImageError
from sidelight.pixels.files import read_picture
from sidelight.pixels.modes import reduced_from


def png(width: int, depth: int, colour_type: int, row: bytes, key: bytes = b"") -> BytesIO:
    """Returns a PNG of one row; Pillow does not write all the kinds that it reads."""
    header = struct.pack(">IIBBBBB", width, 1, depth, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tRNS", key), (b"IDAT", zlib.compress(b"\0" + row))]
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in [*(chunk for chunk in chunks if chunk[1]), (b"IEND", b"")]:
        crc = zlib.crc32(kind + content)
        data += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)
    return BytesIO(data)


def tiff(samples: np.ndarray, **tags: object) -> BytesIO:
    """Returns an uncompressed little-endian TIFF written tag by tag."""
    height, width = samples.shape[:2]
    channels = samples.shape[2] if samples.ndim == 3 else 1
    ifd = TiffImagePlugin.ImageFileDirectory_v2()
    values = {256: width, 257: height, 258: (16,) * channels, 259: 1, 262: 2 if channels > 1 else 1}
    values |= {273: 8, 277: channels, 278: height, 279: samples.nbytes, 284: 1}
    values |= {int(tag.removeprefix("tag_")): value for tag, value in tags.items()}
    for tag, value in values.items():
        ifd[tag] = value
    body = samples.astype("<u2").tobytes()
    ifd[273] = 0  # the writer adds the end of the directory
    return BytesIO(b"II*\0" + struct.pack("<I", 8) + ifd.tobytes(8) + body)


def test_16_bit_rgb_png_is_noted():
    picture = read_picture(png(1, 16, 2, struct.pack(">3H", 0x1234, 0xFFFF, 0)))
    assert picture.image.tolist() == [[[0x12, 0xFF, 0]]]
    assert picture.notes == (reduced_from(16),)


def test_16_bit_rgba_png_is_noted():
    picture = read_picture(png(1, 16, 6, struct.pack(">4H", 0x1234, 0xFFFF, 0, 0x8080)))
    assert picture.alpha.tolist() == [[0x80]]
    assert picture.notes == (reduced_from(16),)


def test_16_bit_gray_png_is_rounded_and_noted_once():
    picture = read_picture(png(2, 16, 0, struct.pack(">2H", 0x12FF, 0xFFFF), key=b"\x12\xff"))
    assert picture.image[..., 0].tolist() == [[0x13, 0xFF]]
    assert picture.alpha.tolist() == [[0, 255]]
    assert picture.notes == (reduced_from(16),)


def test_16_bit_gray_png_with_alpha_stays_gray():
    picture = read_picture(png(1, 16, 4, struct.pack(">2H", 0x1234, 0x8080)))
    assert picture.gray
    assert picture.image.tolist() == [[[0x12] * 3]]
    assert picture.alpha.tolist() == [[0x80]]


def test_16_bit_colour_key_is_matched_on_the_reduced_samples():
    key = struct.pack(">3H", 0x12, 0x1234, 0)
    picture = read_picture(png(2, 16, 2, key + struct.pack(">3H", 0x1200, 0, 0), key=key))
    assert picture.alpha.tolist() == [[0, 255]]


@pytest.mark.parametrize(
    ("depth", "row", "key", "gray"),
    [
        (1, 0b01000000, 1, [0, 255]),
        (2, 0b01100000, 2, [85, 170]),
        (4, 0x39, 9, [51, 153]),
    ],
)
def test_key_of_a_shallow_gray_png_is_on_the_scale_of_its_samples(depth, row, key, gray):
    picture = read_picture(png(2, depth, 0, bytes([row]), key=bytes([0, key])))
    assert picture.image[..., 0].tolist() == [gray]
    assert picture.alpha.tolist() == [[255, 0]]
    assert picture.notes == ()


def test_16_bit_rgb_tiff_is_noted():
    picture = read_picture(tiff(np.array([[[0x1234, 0xFFFF, 0]]])))
    assert picture.image.tolist() == [[[0x12, 0xFF, 0]]]
    assert picture.notes == (reduced_from(16),)


def test_16_bit_gray_tiff_is_rounded_and_noted_once():
    picture = read_picture(tiff(np.array([[0x12FF, 0xFFFF]])))
    assert picture.image[..., 0].tolist() == [[0x13, 0xFF]]
    assert picture.notes == (reduced_from(16),)


def test_16_bit_tiff_where_0_is_white_is_refused():
    with pytest.raises(ImageError, match="0 means white"):
        read_picture(tiff(np.array([[0, 1000]]), tag_262=0))


def test_12_bit_tiff_is_refused():
    with pytest.raises(ImageError, match="12-bit gray TIFF, expected 8 or 16 bits"):
        read_picture(tiff(np.array([[0, 1000]]), tag_258=(12,)))


def test_8_bit_files_are_not_noted():
    stream = BytesIO()
    Image.new("RGB", (2, 2)).save(stream, "TIFF")
    stream.seek(0)
    assert read_picture(stream).notes == ()
