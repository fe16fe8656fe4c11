"""Reads files of any carrier."""

from dataclasses import dataclass

import numpy as np

from sidelight.carriers.carrier import Carrier
from sidelight.carriers.registry import CARRIERS, sniff
from sidelight.errors import ImageError
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.detail import bits_of_detail
from sidelight.pixels.picture import Picture
from sidelight.pixels.rate import bits_per_pixel

_START_BYTES = 12
_TABLE_BYTES = 600
"""About what a JPEG's tables take, which say nothing of how well a small picture is coded."""


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

    is_lossless: bool
    """Whether the file surely holds every pixel as it was."""

    @property
    def coded_bpp(self) -> float:
        """Bits of the coded pixels per pixel of the picture."""
        return bits_per_pixel(self.coded_bytes, self.picture)

    @property
    def drawn_share(self) -> float:
        """How much of what a generator draws is to be used.

        1 where bits were few for what there was to code, less where they were many, and 0 where the
        file holds the picture so well that drawing could only take it further away.
        """
        if self.is_lossless:
            return 0.0
        detail = bits_of_detail(self.picture.image)
        if detail == 0:
            return 1.0
        num_bytes = max(self.coded_bytes - _TABLE_BYTES, 0)
        bpp = bits_per_pixel(num_bytes, self.picture)
        return float(np.interp(bpp / detail, CARRIERS[self.codec].drawn_range, (1.0, 0.0)))


def read(data: bytes, *, max_pixels: int | None = None) -> CarrierFile:
    """Returns what is in a file, known by its first bytes and not by its name.

    A picture larger than ``max_pixels`` is refused before it is decoded.

    Raises:
        ImageError: It is no file of a carrier, a broken one, or too large; or it is JPEG XL and
            the extra ``jxl`` is not installed.
    """
    carrier = _carrier_of(data)
    return _described(carrier, data, decode_picture(data, max_pixels=max_pixels))


def read_with_picture(data: bytes, picture: Picture) -> CarrierFile:
    """Returns the same of a file that is decoded already.

    Raises:
        ImageError: It is no file of a carrier, or a broken one.
    """
    return _described(_carrier_of(data), data, picture)


def _carrier_of(data: bytes) -> Carrier:
    carrier = sniff(data)
    if carrier is None:
        titles = ", ".join(known.title for known in CARRIERS.values())
        raise ImageError(
            f"{len(data)} bytes that start with {data[:_START_BYTES].hex(' ')!r}, expected a file "
            f"of one of {titles}"
        )
    return carrier


def _described(carrier: Carrier, data: bytes, picture: Picture) -> CarrierFile:
    return CarrierFile(
        picture=picture,
        codec=carrier.name,
        file_bytes=len(data),
        coded_bytes=carrier.coded_bytes(data),
        is_lossless=carrier.is_lossless(data),
    )
