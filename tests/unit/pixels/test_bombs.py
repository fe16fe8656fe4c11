"""Small files that would cost much are refused before the work, or taken where that is asked."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFile

from sidelight.errors import ImageError
from sidelight.pixels import opening
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.size import SMALL_FILE_PIXELS, check_size

SIDE = 4097  # its square is a little above what a small file may claim
TOLD = rf"size {SIDE}x{SIDE} px in \d+ bytes, .* give --max-pixels {SIDE * SIDE}"


def forbid_work(monkeypatch) -> None:
    def load(image):
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)


def png(width: int, height: int) -> bytes:
    header = struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + -(-width // 8)) * height, 1)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def bitmap(width: int, height: int, rows: bytes, *, num_bytes: int = 0) -> bytes:
    """Returns a BMP of run lengths, with bytes behind it that nobody reads."""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(rows), 0, 0, 256, 0)
    start = 14 + len(head) + 1024
    data = b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head
    return (data + bytes(1024) + rows).ljust(num_bytes, b"\0")


def icon(picture: bytes) -> bytes:
    """Returns an icon whose directory says 16x16 px."""
    return struct.pack("<3H4B2H2I", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(picture), 22) + picture


def jpeg(width: int, height: int, scans: int) -> bytes:
    """Returns a gray progressive JPEG, each scan of which goes over all blocks in some bytes."""
    blocks = -(-width // 8) * -(-height // 8)
    runs = [f"0{min(max(left, 16384), 32767) - 16384:014b}" for left in range(blocks, 0, -32767)]
    bits = "".join(runs)
    bits += "1" * (-len(bits) % 8)
    run = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\0")
    data = b"\xff\xd8\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([16] * 64)
    data += b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + bytes([1, 17, 0])
    data += b"\xff\xc4" + struct.pack(">HB", 20, 0x00) + bytes([1, *[0] * 15, 0])
    data += b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + bytes([1, *[0] * 15, 0xE0])
    data += b"\xff\xda" + struct.pack(">HB", 8, 1) + bytes([1, 0, 0, 0, 0]) + bytes(blocks // 8)
    for scan in range(scans):
        place = 1 + scan % 63
        data += b"\xff\xda" + struct.pack(">HB", 8, 1) + bytes([1, 0, place, place, 0]) + run
    return data + b"\xff\xd9"


def saved(format: str) -> bytes:
    stream = BytesIO()
    Image.new("1" if format == "PNG" else "L", (SIDE, SIDE)).save(stream, format, lossless=True)
    return stream.getvalue()


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP"])
def test_a_large_picture_in_few_bytes_is_refused_before_it_is_decoded(monkeypatch, format):
    data = saved(format)
    forbid_work(monkeypatch)
    assert len(data) < SIDE * SIDE / 1024
    with pytest.raises(ImageError, match=TOLD):
        decode_picture(data)


def test_whoever_sets_a_limit_gets_the_picture():
    assert decode_picture(png(SIDE, SIDE), max_pixels=SIDE * SIDE).width == SIDE


def test_as_many_pixels_as_any_file_may_claim():
    assert decode_picture(png(4096, 4096)).width == 4096
    check_size(4096, 4096, num_bytes=1)
    check_size(SIDE, SIDE, num_bytes=SIDE * SIDE // 1024 + 1)
    with pytest.raises(ImageError, match=f"the limit is {SMALL_FILE_PIXELS} px for so few bytes"):
        check_size(SIDE, SIDE, num_bytes=SIDE * SIDE // 1024)


def test_run_lengths_that_are_unpacked_in_python_have_a_limit_of_their_own(monkeypatch):
    rows = b"\1\0\0\0" * (SIDE - 1) + b"\0\1"  # one pixel, then the end of the line
    data = bitmap(SIDE, SIDE, rows, num_bytes=20_000)
    forbid_work(monkeypatch)
    with pytest.raises(ImageError, match=f"and {SMALL_FILE_PIXELS} px in all"):
        decode_picture(data)


def test_small_run_lengths_are_read():
    picture = decode_picture(bitmap(5, 4, b"\1\0\0\0" * 4 + b"\0\1"))
    assert picture.image.shape == (4, 5, 3)


@pytest.mark.parametrize(
    "inside", [png(SIDE, SIDE), bitmap(SIDE, 2 * SIDE, b"", num_bytes=20_000)[14:]]
)
def test_an_icon_is_as_large_as_the_picture_in_it(monkeypatch, inside):
    forbid_work(monkeypatch)
    with pytest.raises(ImageError, match=f"size {SIDE}x{SIDE} px"):
        decode_picture(icon(inside))


def test_an_icon_that_points_nowhere_is_broken():
    with pytest.raises(ImageError, match="one without pixels"):
        decode_picture(icon(b""))


def test_a_jpeg_goes_over_its_picture_five_hundred_times_at_most(monkeypatch):
    forbid_work(monkeypatch)
    with pytest.raises(ImageError, match="JPEG with 501 scans, the limit is 500; save it again"):
        decode_picture(jpeg(64, 64, 500))
    assert opening.open_picture(jpeg(64, 64, 499), max_pixels=None).image.size == (64, 64)


def test_what_looks_like_scans_in_metadata_and_behind_the_picture_is_none():
    stream = BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(stream, "JPEG", comment=b"\xff\xda" * 600)
    assert decode_picture(stream.getvalue() + b"\xff\xda" * 600).image.shape == (40, 60, 3)
