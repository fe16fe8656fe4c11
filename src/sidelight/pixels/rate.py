"""Bits per pixel of whole files."""

import math
from numbers import Real
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


def max_bytes_for(bpp: float, picture: Sized) -> float:
    """Returns the file size that ``bpp`` bits per pixel allow, with the fraction of a byte.

    Raises:
        ConfigError: ``bpp`` is no number, not positive, or not finite.
    """
    _check_positive("bpp", bpp)
    return bpp * picture.width * picture.height / _BITS_PER_BYTE


def check_max_bytes(max_bytes: float) -> None:
    """Checks the most bytes that a file may take.

    Raises:
        ConfigError: It is no number, not positive, or not finite.
    """
    _check_positive("max_bytes", max_bytes)


def told_excess(num_bytes: int, max_bytes: float, picture: Sized) -> str:
    """Returns what to tell of a file that is larger than asked for, in bytes and as a rate."""
    found, asked = (bits_per_pixel(size, picture) for size in (num_bytes, max_bytes))
    return (
        f"takes {num_bytes} bytes ({found:.4g} bpp), more than the {int(max_bytes)} asked for "
        f"({asked:.4g} bpp)"
    )


def bits_per_pixel(num_bytes: float, picture: Sized) -> float:
    """Returns what a file of so many bytes takes for each pixel of its picture."""
    return _BITS_PER_BYTE * num_bytes / (picture.width * picture.height)


def _check_positive(name: str, value: float) -> None:
    if not (isinstance(value, Real) and 0 < value < math.inf):
        raise ConfigError(f"{name} must be > 0 and finite, got {value!r}")
