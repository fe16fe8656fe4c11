"""What follows the header: payloads, each with its length and a CRC, in the order of the flags."""

import zlib
from collections.abc import Mapping
from typing import NamedTuple

from sidelight.bitstream.header import CRC, Flags, Header
from sidelight.bitstream.reader import ByteReader, pack_varint
from sidelight.errors import CorruptBitstreamError

OPTIONAL_SECTIONS = {
    "caption_digest": Flags.CAPTION_DIGEST,
    "caption": Flags.CAPTION,
    "icc": Flags.ICC,
    "exif": Flags.EXIF,
    "alpha": Flags.ALPHA,
}
"""The flag that announces each section, in the order of the file."""
LATENTS = "latents"
"""The last section, in every file."""


class Section(NamedTuple):
    """One payload as found in a file."""

    payload: bytes
    framed_bytes: int
    """Size in the file, with length and CRC."""


def pack_sections(payloads: Mapping[str, bytes]) -> bytes:
    """Returns the sections of a file in their order, for payloads given in any."""
    present = [name for name in (*OPTIONAL_SECTIONS, LATENTS) if name in payloads]
    return b"".join(_pack_section(payloads[name]) for name in present)


def section_flags(payloads: Mapping[str, bytes]) -> Flags:
    """Returns the flags that announce these payloads."""
    flags = Flags(0)
    for name, flag in OPTIONAL_SECTIONS.items():
        if name in payloads:
            flags |= flag
    return flags


def read_sections(data: bytes) -> tuple[Header, dict[str, Section]]:
    """Reads a whole file without decompressing anything.

    Raises:
        BitstreamError: The header or the framing breaks a rule, or bytes follow the last section.
    """
    reader = ByteReader(data)
    header = Header.parse(reader)
    announced = [name for name, flag in OPTIONAL_SECTIONS.items() if flag in header.flags]
    sections = {name: _take_section(reader, name) for name in (*announced, LATENTS)}
    reader.finish()
    return header, sections


def _pack_section(payload: bytes) -> bytes:
    body = pack_varint(len(payload)) + payload
    return body + CRC.pack(zlib.crc32(body))


def _take_section(reader: ByteReader, name: str) -> Section:
    start = reader.position
    payload = reader.take(reader.varint())
    # The length is under the CRC too: a flipped length cannot pass for a shorter payload.
    found = zlib.crc32(reader.since(start))
    (expected,) = reader.unpack(CRC)
    if found != expected:
        raise CorruptBitstreamError(
            f"{name} section at byte {start} has CRC {found:08x}, expected {expected:08x}"
        )
    return Section(payload, reader.position - start)
