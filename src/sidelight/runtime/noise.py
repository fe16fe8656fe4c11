"""White noise that follows from a pixel's place alone: the same on every machine, tile by tile.

A hash of row and column, whose four bytes are added up: near a normal distribution, in integers.
It decides no bits, only pixels. web/src/runtime/noise.ts is the same.
Axes: h and w height and width.
"""

from typing import Any, TypeVar

import numpy as np

from sidelight.tiling import Region

Values = TypeVar("Values", bound=Any)
_MEAN, _DEVIATION = 127.125, 36.95
"""Of what ``noise`` gives."""
_ROW = 0x9E3779B1
_MIX = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))
"""Shifts and factors of MurmurHash3's last step, 32 bits."""
_LAST_SHIFT = 16


def noise(region: Region) -> np.ndarray:
    """Returns the noise of these rows and columns, uint8 (1, 1, h, w)."""
    rows, columns = (np.arange(at.start, at.stop, dtype=np.uint32) for at in region)
    mixed = ((rows + np.uint32(1)) * np.uint32(_ROW))[:, None] + columns
    for shift, factor in _MIX:
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    mixed ^= mixed >> np.uint32(_LAST_SHIFT)
    # pairs of bytes side by side: a sum of two bytes takes nine bits of the sixteen
    pairs = (mixed & np.uint32(0x00FF00FF)) + ((mixed >> np.uint32(8)) & np.uint32(0x00FF00FF))
    total = (pairs & np.uint32(0xFFFF)) + (pairs >> np.uint32(16))
    return (total >> np.uint32(2)).astype(np.uint8)[None, None]


def standardised(values: Values) -> Values:
    """Returns what ``noise`` gave, an array or floats of a tensor, with mean 0 and variance 1."""
    return (values - _MEAN) / _DEVIATION
