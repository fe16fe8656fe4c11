"""Bits per pixel of whole files."""

import math
from typing import Protocol

from sidelight.errors import ConfigError

_BITS_PER_BYTE = 8


class Sized(Protocol):
    """A picture, or what is told of one."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""


def max_bytes_for(bpp: float, picture: Sized) -> int:
    """Returns the file size that ``bpp`` bits per pixel allow.

    Raises:
        ConfigError: ``bpp`` is not positive, or not finite.
    """
    if not 0 < bpp < math.inf:
        raise ConfigError(f"bpp must be > 0 and finite, got {bpp}")
    return int(bpp * picture.width * picture.height / _BITS_PER_BYTE)


def bits_per_pixel(num_bytes: int, picture: Sized) -> float:
    """Returns what a file of so many bytes takes for each pixel of its picture."""
    return _BITS_PER_BYTE * num_bytes / (picture.width * picture.height)
