"""Pillow's images and arrays strip by strip: a whole one, Pillow copies two or three times.

Axes: h rows, w columns.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

STRIP_PIXELS = 2**20
"""About so many are copied at once."""


def row_strips(height: int, width: int) -> Iterator[slice]:
    """Yields the rows of each strip, from the top; a small picture is one strip."""
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def image_strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Yields rows of an image whose pixels are read, and what it is in them."""
    for rows in row_strips(image.height, image.width):
        is_whole = rows.stop - rows.start == image.height
        yield rows, image if is_whole else image.crop((0, rows.start, image.width, rows.stop))


def to_array(image: Image.Image) -> np.ndarray:
    """Returns what ``np.array`` does."""
    image.load()
    whole: np.ndarray | None = None
    for rows, strip in image_strips(image):
        part = np.asarray(strip)
        if whole is None:
            whole = np.empty((image.height, *part.shape[1:]), part.dtype)
        whole[rows] = part
    assert whole is not None  # no image is empty here
    return whole
