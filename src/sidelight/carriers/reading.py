"""Reads files of any carrier."""

from dataclasses import dataclass

from sidelight.carriers.registry import CARRIERS, sniff
from sidelight.errors import ImageError
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.picture import Picture

_START_BYTES = 12
_BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierFile:
    """A decoded file of a standard codec, and what its pixels took."""

    picture: Picture
    """As ``decode_picture`` gives it: upright, 8 bits, with metadata and notes."""

    codec: str
    """A key of ``CARRIERS``."""

    file_bytes: int
    """Of the whole file."""

    coded_bytes: int
    """Of the coded pixels alone: the same whatever metadata the file carries."""

    @property
    def coded_bpp(self) -> float:
        """Bits of the coded pixels per pixel of the picture."""
        return _BITS_PER_BYTE * self.coded_bytes / (self.picture.width * self.picture.height)


def read(data: bytes) -> CarrierFile:
    """Returns what is in a file, known by its first bytes and not by its name.

    Raises:
        ImageError: It is no file of a carrier, a broken one, or too large; or it is JPEG XL and
            the extra ``jxl`` is not installed.
    """
    carrier = sniff(data)
    if carrier is None:
        titles = ", ".join(known.title for known in CARRIERS.values())
        raise ImageError(
            f"{len(data)} bytes that start with {data[:_START_BYTES].hex(' ')!r}, expected a file "
            f"of one of {titles}"
        )
    return CarrierFile(
        picture=decode_picture(data),
        codec=carrier.name,
        file_bytes=len(data),
        coded_bytes=carrier.coded_bytes(data),
    )
