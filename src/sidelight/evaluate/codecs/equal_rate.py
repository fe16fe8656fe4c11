"""The setting at which a codec comes nearest to a given rate."""

import math
from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np

from sidelight.evaluate.codecs.protocol import CodecPoint


def nearest_setting(
    settings: Sequence[float],
    at: Callable[[float], CodecPoint],
    images: Sequence[np.ndarray],
    target_bpp: float,
) -> float:
    """Returns the setting whose mean rate is nearest in ratio, found by halving the settings.

    Args:
        settings: From the smallest files to the largest.
        at: Makes the codec at one of them.
        images: uint8 (h, w, 3).
        target_bpp: Bits per pixel.
    """

    def rate(setting: float) -> float:
        point = at(setting)
        return fmean(bits_per_pixel(point.encode(image), image) for image in images)

    low, high = 0, len(settings) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rate(settings[middle]) < target_bpp else (low, middle)
    nearest = (settings[low], settings[high])
    return min(nearest, key=lambda setting: abs(math.log(rate(setting) / target_bpp)))


def bits_per_pixel(data: bytes, image: np.ndarray) -> float:
    """Returns the rate of a coded picture."""
    height, width = image.shape[:2]
    return 8 * len(data) / int(height * width)
