"""Areas of pure white or black, which stay as they are: a page's ground shows what is drawn there.

Axes: h rows, w columns.
"""

import numpy as np

from sidelight.pixels.strips import row_strips

_LEVELS = (0, 255)
_SHIFTS = (1, 1, 2)
REACH_PX = sum(_SHIFTS)
"""A pixel lies within such an area where all are alike so far around it."""


def keep_pure(before: np.ndarray, after: np.ndarray) -> None:
    """Gives ``after`` the pixels that lie within pure white or black in ``before``.

    Args:
        before: uint8 (h, w, 3).
        after: Likewise; is written into.
    """
    height, width = before.shape[:2]
    for rows in row_strips(height, width):
        first = max(rows.start - REACH_PX, 0)
        seen = before[first : rows.stop + REACH_PX]
        for level in _LEVELS:
            pure = (seen == level).all(axis=2)
            if pure.any():
                within = _within(pure)[rows.start - first :][: rows.stop - rows.start]
                after[rows][within] = level


def _within(mask: np.ndarray) -> np.ndarray:
    """Returns where a mask (h, w) holds ``REACH_PX`` around; beyond its border it does."""
    for _ in range(2):  # down, then across
        for shift in _SHIFTS:
            found = mask.copy()
            found[shift:] &= mask[:-shift]
            found[:-shift] &= mask[shift:]
            mask = found
        mask = mask.T
    return mask
