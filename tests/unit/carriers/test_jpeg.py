import dataclasses
import struct
from io import BytesIO

import pytest
from PIL import Image

from sidelight.carriers.jpeg import JPEG
from sidelight.errors import ImageError

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SCAN = b"\x12\xff\x00\x34\xff\xd3\x56"  # a stuffed byte and a restart marker


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(payload)) + payload


TABLES = segment(0xDB, bytes(65)) + segment(0xC4, bytes(20)) + segment(0xDD, b"\0\4")
FRAME = segment(0xC2, bytes(15))
SOS = segment(0xDA, bytes(10))
CODED = (TABLES, FRAME, SOS + SCAN, segment(0xC4, bytes(7)), SOS + SCAN)
CODED_BYTES = sum(map(len, CODED))


def test_tables_frame_and_every_scan_count():
    assert JPEG.coded_bytes(SOI + b"".join(CODED) + EOI) == CODED_BYTES


def test_metadata_comments_fill_bytes_and_what_follows_do_not_count():
    thumbnail = SOI + b"".join(CODED) + EOI
    between = (
        segment(0xE0, b"JFIF"),
        b"\xff\xff\xff",
        segment(0xE1, b"Exif\0\0" + thumbnail),
        segment(0xFE, b"comment"),
        segment(0xEF, b"\xff\xd9"),
    )
    data = SOI + b"".join(a + b for a, b in zip(between, CODED, strict=True)) + EOI + thumbnail
    assert JPEG.coded_bytes(data) == CODED_BYTES


def test_a_file_without_an_end_counts_to_its_last_byte():
    assert JPEG.coded_bytes(SOI + b"".join(CODED)) == CODED_BYTES


@pytest.mark.parametrize("length", [0, 1, 9])
def test_a_segment_that_is_cut_short_is_refused(length):
    data = SOI + struct.pack(">BBH", 0xFF, 0xDB, length) + b"abc"
    with pytest.raises(ImageError, match=f"at byte 2 claims {length} bytes, 5 are left"):
        JPEG.coded_bytes(data)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("restart", [0, 1])
def test_of_real_files_all_but_the_frame_around_counts(progressive, restart, image):
    stream = BytesIO()
    options = {"progressive": progressive, "restart_marker_blocks": restart}
    Image.fromarray(image).save(stream, "JPEG", comment=b"hello", **options)
    data = stream.getvalue()
    assert JPEG.coded_bytes(data) == len(data) - 2 - 18 - (4 + len("hello")) - 2


@pytest.mark.parametrize(("kind", "most"), [("exif", 65533), ("xmp", 65504)])
def test_metadata_that_a_segment_cannot_hold_is_refused(plain, kind, most):
    block = b"Exif\0\0" + bytes(most - 6)
    assert block in JPEG.encode(dataclasses.replace(plain, **{kind: block}))
    told = f"the {kind.upper()} takes {most + 1} bytes, JPEG holds at most {most}; .* give --strip"
    with pytest.raises(ImageError, match=told):
        JPEG.encode(dataclasses.replace(plain, **{kind: block + b"x"}))


def test_a_caption_that_xmp_makes_too_long_for_a_segment_is_refused(plain):
    with pytest.raises(ImageError, match=r"XMP takes 80\d+ bytes, .* shorten the caption"):
        JPEG.encode(plain, caption="&" * 16_000)
