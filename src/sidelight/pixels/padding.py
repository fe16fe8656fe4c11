"""Padding to the size that the networks need, and cutting back."""

import numpy as np


def pad_to_multiple(image: np.ndarray, multiple: int) -> np.ndarray:
    """Returns (h, w, c) with both sides grown to the next multiple.

    The last row and column are repeated: reflection would fail where the padding reaches the
    side (choice C16).
    """
    if multiple < 1:
        raise ValueError(f"multiple must be >= 1, got {multiple}")
    height, width = image.shape[:2]
    return np.pad(image, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge")


def cut(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns the top left of (h, w, c), as a view where each pixel's channels lie together."""
    part = image[:height, :width]
    is_by_pixel = part.strides[1:] == (part.itemsize * part.shape[2], part.itemsize)
    return part if is_by_pixel else np.ascontiguousarray(part)
