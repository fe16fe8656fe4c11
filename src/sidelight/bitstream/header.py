"""The header of a .slt file: what the picture is, which model reads it, what sections follow."""

import enum
import struct
import zlib
from dataclasses import dataclass
from typing import Self

from sidelight.bitstream.reader import ByteReader, pack_varint
from sidelight.errors import (
    CorruptBitstreamError,
    NotABitstreamError,
    TruncatedBitstreamError,
    UnsupportedVersionError,
)
from sidelight.limits import MAX_PIXELS, MAX_SIDE

MAGIC = b"\x89SLT"
"""The first byte is not ASCII: a file that lost its eighth bit no longer starts like this."""
VERSION = 1
MODEL_BYTES = 8
MAX_QUALITY_STEP = 128
CRC = struct.Struct("<I")

_BYTE = struct.Struct("<B")
_QUALITY_AND_CRC = struct.Struct("<BI")


class Flags(enum.IntFlag):
    """Bits of the flags byte. Those that announce a section stand in the order of the file."""

    GRAY = 1 << 0
    CAPTION_DIGEST = 1 << 1
    CAPTION = 1 << 2
    ICC = 1 << 3
    EXIF = 1 << 4
    ALPHA = 1 << 5


KNOWN_FLAGS = sum(Flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The fields before the first section."""

    flags: Flags
    model: bytes
    """Fingerprint of what decoding the latents depends on, 8 bytes."""
    width: int
    height: int
    quality_step: int
    latents_crc: int

    def pack(self) -> bytes:
        """Returns the header with its CRC."""
        body = b"".join(
            (
                MAGIC,
                bytes((VERSION, self.flags)),
                self.model,
                pack_varint(self.width),
                pack_varint(self.height),
                _QUALITY_AND_CRC.pack(self.quality_step, self.latents_crc),
            )
        )
        return body + CRC.pack(zlib.crc32(body))

    @classmethod
    def parse(cls, reader: ByteReader) -> Self:
        """Reads the header at the start of a file.

        Raises:
            NotABitstreamError: The bytes start with something else than the magic.
            UnsupportedVersionError: The version or a flag is one of a newer writer.
            TruncatedBitstreamError: The bytes end inside the header.
            CorruptBitstreamError: The CRC fails, or a field passes its limit.
        """
        _take_magic(reader)
        flags = _take_flags(reader)
        model = reader.take(MODEL_BYTES)
        width, height = reader.varint(), reader.varint()
        quality_step, latents_crc = reader.unpack(_QUALITY_AND_CRC)
        found = zlib.crc32(reader.since(0))
        (expected,) = reader.unpack(CRC)
        if found != expected:
            raise CorruptBitstreamError(f"header has CRC {found:08x}, expected {expected:08x}")
        if problem := size_problem(width, height):
            raise CorruptBitstreamError(problem)
        if quality_step > MAX_QUALITY_STEP:
            raise CorruptBitstreamError(
                f"quality step {quality_step}, expected 0 to {MAX_QUALITY_STEP}"
            )
        return cls(
            flags=flags,
            model=model,
            width=width,
            height=height,
            quality_step=quality_step,
            latents_crc=latents_crc,
        )


def size_problem(width: int, height: int) -> str | None:
    """Returns which limit a picture of this size breaks, None where it breaks none."""
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        return f"picture is {width}x{height} px, each side must be 1 to {MAX_SIDE} px"
    if width * height > MAX_PIXELS:
        return f"picture is {width}x{height} px, limit is {MAX_PIXELS} px in all"
    return None


def _take_magic(reader: ByteReader) -> None:
    start = reader.take(min(len(MAGIC), reader.remaining))
    if start == MAGIC:
        return
    if MAGIC.startswith(start):
        raise TruncatedBitstreamError(
            f"need {len(MAGIC)} bytes at byte 0 for the magic, only {len(start)} left"
        )
    raise NotABitstreamError(f"starts with {start.hex()}, expected {MAGIC.hex()}")


def _take_flags(reader: ByteReader) -> Flags:
    # The version comes first and alone: a newer format may lay out everything after it anew.
    (version,) = reader.unpack(_BYTE)
    if version != VERSION:
        raise UnsupportedVersionError(f"format version {version}; this release reads {VERSION}")
    (flags,) = reader.unpack(_BYTE)
    if unknown := flags & ~KNOWN_FLAGS:
        raise UnsupportedVersionError(
            f"flags {flags:#04x} have unknown bits {unknown:#04x}; this release reads "
            f"{KNOWN_FLAGS:#04x}, a newer one may know them"
        )
    return Flags(flags)
