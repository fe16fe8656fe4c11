import struct

import pytest

from sidelight.carriers.webp import WEBP
from sidelight.errors import ImageError


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(payload)) + payload + bytes(len(payload) % 2)


def riff(*chunks: bytes) -> bytes:
    inside = b"WEBP" + b"".join(chunks)
    return struct.pack("<4sI", b"RIFF", len(inside)) + inside


METADATA = (chunk(b"ICCP", b"abc"), chunk(b"EXIF", bytes(8)), chunk(b"XMP ", b"<x/>"))
ALPHA = chunk(b"ALPH", bytes(7))


@pytest.mark.parametrize("kind", [b"VP8 ", b"VP8L"])
def test_only_the_chunk_of_the_pixels_counts(kind):
    pixels = chunk(kind, bytes(41))
    assert WEBP.coded_bytes(riff(pixels)) == 41
    extended = riff(chunk(b"VP8X", bytes(10)), *METADATA, ALPHA, pixels, *METADATA)
    assert WEBP.coded_bytes(extended) == 41


def test_of_an_animation_the_first_frame_counts():
    frames = [
        chunk(b"ANMF", bytes(16) + ALPHA + chunk(b"VP8 ", bytes(size))) for size in (21, 90, 300)
    ]
    data = riff(chunk(b"VP8X", bytes(10)), chunk(b"ANIM", bytes(6)), *METADATA, *frames)
    assert WEBP.coded_bytes(data) == 21


@pytest.mark.parametrize("chunks", [(), METADATA, (chunk(b"ANMF", bytes(16) + ALPHA),)])
def test_a_file_without_pixels_is_refused(chunks):
    with pytest.raises(ImageError, match="without a picture, expected a chunk 'VP8 ' or 'VP8L'"):
        WEBP.coded_bytes(riff(*chunks))


def test_a_chunk_that_claims_more_than_there_is_is_refused():
    data = riff(struct.pack("<4sI", b"VP8 ", 2**32 - 1) + b"abc")
    with pytest.raises(ImageError, match=f"at byte 12 claims {2**32 - 1} bytes, 3 are left"):
        WEBP.coded_bytes(data)


@pytest.mark.parametrize("inside", [bytes(3), bytes(16) + b"VP8 "])
def test_a_frame_that_is_cut_short_is_refused(inside):
    with pytest.raises(ImageError, match=r"without a picture|is cut short"):
        WEBP.coded_bytes(riff(chunk(b"ANMF", inside)))
