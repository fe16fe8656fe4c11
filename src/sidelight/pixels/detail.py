"""How much there is to code in a picture, whatever codes it.

Axes: h rows, w columns.
"""

import numpy as np

from sidelight.pixels.strips import row_strips

_LUMA = np.array([77, 150, 29], np.uint16)
"""BT.601 in 256ths."""


def bits_of_detail(image: np.ndarray) -> float:
    """Returns about how many bits a pixel's luma takes when its left neighbour is known.

    The mean of log2(1 + difference) over the pixels that differ from the left or the upper
    neighbour, so that a drawing's flat areas, which take nothing, do not count. 0 for one colour.

    Args:
        image: uint8 (h, w, 3), RGB.
    """
    counts = np.zeros(256, np.int64)
    for rows in row_strips(*image.shape[:2]):
        strip = image[max(0, rows.start - 1) : rows.stop]
        luma = (strip.astype(np.uint16) @ _LUMA >> 8).astype(np.int16)
        across = np.abs(np.diff(luma, axis=1))[1:]
        down = np.diff(luma, axis=0)[:, 1:]
        counts += np.bincount(across[(across != 0) | (down != 0)], minlength=256)
    bits = np.log2(1 + np.arange(256))
    return float(counts @ bits / counts.sum()) if counts.any() else 0.0
