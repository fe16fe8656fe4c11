"""WebP by libwebp inside Pillow, lossy (RFC 9649)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sidelight.carriers.carrier import EFFORTS, Carrier
from sidelight.errors import ImageError
from sidelight.pixels.encoding import PictureFormat, encode_as
from sidelight.pixels.picture import Picture

_CHUNK = struct.Struct("<4sI")
_RIFF_HEADER_BYTES = 12
_FRAME_HEADER_BYTES = 16
_LOSSLESS = b"VP8L"
_PIXELS = frozenset({b"VP8 ", _LOSSLESS})
_FRAME = b"ANMF"
_SLOWEST_METHOD = 6


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int


def _write(picture: Picture, own_quality: int, effort: int) -> bytes:
    method = round((effort - EFFORTS[0]) / (len(EFFORTS) - 1) * _SLOWEST_METHOD)
    options = {"quality": own_quality, "method": method}
    return encode_as(picture, PictureFormat("WEBP", alpha=True, metadata=True, options=options))


def _starts(data: bytes) -> bool:
    return data.startswith(b"RIFF") and data[8:12] == b"WEBP"


def _coded_bytes(data: bytes) -> int:
    chunk = _pixels(data)
    return chunk.end - chunk.start


def _is_lossless(data: bytes) -> bool:
    return _pixels(data).kind == _LOSSLESS


def _pixels(data: bytes) -> _Chunk:
    """Returns the chunk that codes the picture; of an animation, its first frame's."""
    for chunk in _chunks(data, _RIFF_HEADER_BYTES, len(data)):
        if chunk.kind in _PIXELS:
            return chunk
        if chunk.kind == _FRAME:
            for inner in _chunks(data, chunk.start + _FRAME_HEADER_BYTES, chunk.end):
                if inner.kind in _PIXELS:
                    return inner
    raise ImageError("WebP file without a picture, expected a chunk 'VP8 ' or 'VP8L'")


def _chunks(data: bytes, position: int, end: int) -> Iterator[_Chunk]:
    """Yields the chunks between two places.

    Raises:
        ImageError: One is cut short.
    """
    while position < end:
        start = position + _CHUNK.size
        if start > end:
            raise ImageError(f"WebP chunk at byte {position} is cut short")
        kind, size = _CHUNK.unpack_from(data, position)
        if start + size > end:
            raise ImageError(
                f"WebP chunk {kind!r} at byte {position} claims {size} bytes, "
                f"{end - start} are left"
            )
        yield _Chunk(kind, start, start + size)
        position = start + size + size % 2


WEBP = Carrier(
    name="webp",
    title="WebP",
    suffixes=(".webp",),
    max_side_px=16383,
    has_alpha=True,
    keeps_profile=lambda picture: not picture.gray,  # always RGB inside
    own_qualities=range(101),
    knots=(0, 1, 12, 27, 72),  # python -m benchmarks.rd.carrier_rates
    starts=_starts,
    write=_write,
    effort=9,
    coded_bytes=_coded_bytes,
    drawn_range=(0.4, 0.8),
    is_lossless=_is_lossless,
)
