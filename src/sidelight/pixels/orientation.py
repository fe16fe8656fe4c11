"""How the pixels of a file lie: EXIF tag 274, where its first row and column belong.

Planes have rows first, then columns, then any further axis.
"""

import numpy as np

TRANSPOSED = 5
"""From here on rows of the file are columns of the picture."""
_ROWS_TURNED, _COLUMNS_TURNED = frozenset({3, 4, 7, 8}), frozenset({2, 3, 6, 7})


def turn_upright(plane: np.ndarray, orientation: int) -> np.ndarray:
    """Returns the pixels as they are meant to be seen."""
    if orientation >= TRANSPOSED:
        plane = plane.swapaxes(0, 1)
    if orientation in _ROWS_TURNED:
        plane = plane[::-1]
    if orientation in _COLUMNS_TURNED:
        plane = plane[:, ::-1]
    return np.ascontiguousarray(plane)


def as_stored(plane: np.ndarray, orientation: int) -> np.ndarray:
    """Returns a view of upright pixels in the order of the file: undoes ``turn_upright``."""
    if orientation in _COLUMNS_TURNED:
        plane = plane[:, ::-1]
    if orientation in _ROWS_TURNED:
        plane = plane[::-1]
    return plane.swapaxes(0, 1) if orientation >= TRANSPOSED else plane
