"""Bounded reads from bytes, and the variable-length integers of the format."""

import struct
from typing import Any

from sidelight.errors import CorruptBitstreamError, TruncatedBitstreamError

VARINT_MAX_BYTES = 4
VARINT_LIMIT = 1 << (7 * VARINT_MAX_BYTES)
"""Varints are smaller than this, so that no value read from a file is ever large."""


class ByteReader:
    """Walks through bytes and never past their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def position(self) -> int:
        """Offset of the next byte."""
        return self._position

    @property
    def remaining(self) -> int:
        """Number of bytes not read yet."""
        return len(self._data) - self._position

    def take(self, count: int) -> bytes:
        """Returns the next ``count`` bytes.

        Raises:
            TruncatedBitstreamError: Fewer bytes are left.
        """
        if count > self.remaining:
            raise TruncatedBitstreamError(
                f"need {count} bytes at byte {self._position}, only {self.remaining} left"
            )
        start = self._position
        self._position += count
        return self._data[start : self._position]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        """Returns the fields of the fixed layout that comes next.

        Raises:
            TruncatedBitstreamError: Fewer bytes are left than the layout has.
        """
        return layout.unpack(self.take(layout.size))

    def varint(self) -> int:
        """Returns the unsigned LEB128 integer that comes next.

        Raises:
            TruncatedBitstreamError: The bytes end inside the integer.
            CorruptBitstreamError: It has over four bytes, or more than its value needs.
        """
        start = self._position
        value = 0
        for shift in range(0, 7 * VARINT_MAX_BYTES, 7):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    raise CorruptBitstreamError(
                        f"varint at byte {start} spends {shift // 7 + 1} bytes on {value}, "
                        f"expected {len(pack_varint(value))}"
                    )
                return value
        raise CorruptBitstreamError(
            f"varint at byte {start} goes on after {VARINT_MAX_BYTES} bytes, "
            f"expected a value below {VARINT_LIMIT}"
        )

    def since(self, start: int) -> bytes:
        """Returns the bytes from ``start`` up to the position, for a checksum."""
        return self._data[start : self._position]

    def finish(self) -> None:
        """Checks that every byte was read.

        Raises:
            CorruptBitstreamError: Bytes are left over.
        """
        if self.remaining:
            raise CorruptBitstreamError(
                f"{self.remaining} bytes follow the last section, which ends at byte "
                f"{self._position}"
            )


def pack_varint(value: int) -> bytes:
    """Returns ``value`` as minimal unsigned LEB128, seven bits a byte, low bits first."""
    if not 0 <= value < VARINT_LIMIT:
        raise ValueError(f"varint must be >= 0 and < {VARINT_LIMIT}, got {value}")
    packed = bytearray()
    while value >= 0x80:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)
    return bytes(packed)
