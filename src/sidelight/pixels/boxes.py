"""Boxes of ISO base media files (ISO/IEC 14496-12), the frame of AVIF and of JPEG XL."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sidelight.errors import ImageError

_SIZE = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")
_SIZE_IS_LARGE, _SIZE_TO_END = 1, 0


class Box(NamedTuple):
    """A box's type and where its payload lies in the file."""

    kind: bytes
    start: int
    end: int

    @property
    def num_bytes(self) -> int:
        """Bytes of the payload."""
        return self.end - self.start


def find_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yields the boxes that follow each other from ``start`` to ``end``; looks into none.

    Raises:
        ImageError: A box is cut short, or claims more than there is.
    """
    end = len(data) if end is None else end
    while start < end:
        payload = start + _SIZE.size
        if payload > end:
            raise ImageError(f"box at byte {start} is cut short: {end - start} bytes are left")
        size, kind = _SIZE.unpack_from(data, start)
        if size == _SIZE_IS_LARGE and payload + _LARGE_SIZE.size <= end:
            (size,) = _LARGE_SIZE.unpack_from(data, payload)
            payload += _LARGE_SIZE.size
        elif size == _SIZE_TO_END:
            size = end - start
        if not payload - start <= size <= end - start:
            raise ImageError(
                f"box {kind!r} at byte {start} claims {size} bytes, {end - start} are left"
            )
        yield Box(kind, payload, start + size)
        start += size
