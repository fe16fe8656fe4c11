import numpy as np
import pytest

from sidelight.pixels import strips
from sidelight.pixels.pure import REACH_PX, keep_pure


def kept_one_by_one(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    result = after.copy()
    height, width = before.shape[:2]
    for row in range(height):
        for column in range(width):
            around = before[
                max(row - REACH_PX, 0) : row + REACH_PX + 1,
                max(column - REACH_PX, 0) : column + REACH_PX + 1,
            ]
            for level in (0, 255):
                if (around == level).all():
                    result[row, column] = level
    return result


@pytest.mark.parametrize("rows_at_once", [1, 5, 1000])
@pytest.mark.parametrize("size", [(40, 31), (3, 50), (1, 1)])
def test_pixels_within_pure_white_or_black_are_kept_and_no_others(monkeypatch, size, rows_at_once):
    monkeypatch.setattr(strips, "STRIP_PIXELS", rows_at_once * size[1])
    random = np.random.default_rng(5)
    before = np.full((*size, 3), 255, np.uint8)
    before[:, size[1] // 2 :] = 0
    for row, column in random.integers(0, size, (2, 2)):
        before[row, column] = (255, 254, 255)
    after = random.integers(0, 256, before.shape, dtype=np.uint8)
    expected = kept_one_by_one(before, after)
    assert size == (1, 1) or (expected != after).any()
    keep_pure(before, after)
    assert (after == expected).all()


def test_other_flat_colours_are_drawn_into():
    before = np.full((20, 20, 3), 128, np.uint8)
    after = before + np.uint8(3)
    keep_pure(before, after)
    assert (after == 131).all()
