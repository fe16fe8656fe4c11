"""8-bit RGB to 10-bit YCbCr and back: BT.709 in full range, 4:4:4, rounded (ITU-T H.273).

Axes: h rows, w columns.
"""

import numpy as np
from jaxtyping import UInt8, UInt16

_RED, _BLUE = 0.2126, 0.0722
_GREEN = 1 - _RED - _BLUE
_MAX, _MIDDLE = 1023, 512


def rgb_to_ycbcr10(image: UInt8[np.ndarray, "h w 3"]) -> UInt16[np.ndarray, "3 h w"]:
    """Returns the planes Y, Cb and Cr, 0 to 1023. No picture loses a bit on the way."""
    red, green, blue = np.moveaxis(image / 255, -1, 0)
    y = _RED * red + _GREEN * green + _BLUE * blue
    cb, cr = (blue - y) / (2 - 2 * _BLUE), (red - y) / (2 - 2 * _RED)
    planes = np.rint(_MAX * np.stack([y, cb, cr])) + np.reshape([0, _MIDDLE, _MIDDLE], (3, 1, 1))
    return planes.clip(0, _MAX).astype(np.uint16)


def ycbcr10_to_rgb(planes: UInt16[np.ndarray, "3 h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture that the planes show."""
    y = planes[0] / _MAX
    cb, cr = (planes[1:].astype(np.float64) - _MIDDLE) / _MAX
    red, blue = y + (2 - 2 * _RED) * cr, y + (2 - 2 * _BLUE) * cb
    green = (y - _RED * red - _BLUE * blue) / _GREEN
    image = np.stack([red, green, blue], axis=-1)
    return np.rint(255 * image.clip(0, 1)).astype(np.uint8)
