"""Bits of detail: what there is to code, told by neighbours' differences."""

import numpy as np
import pytest

from sidelight.pixels import detail as module
from sidelight.pixels.detail import bits_of_detail


def _gray(rows) -> np.ndarray:
    return np.repeat(np.asarray(rows, np.uint8)[..., None], 3, axis=2)


def test_steps_count_by_their_bits():
    assert bits_of_detail(_gray([[0, 1, 4, 11]] * 3)) == (1 + 2 + 3) / 3


def test_flat_areas_do_not_count():
    stripes = np.tile(np.repeat([10, 13], 50), (8, 4))
    assert bits_of_detail(_gray(stripes)) == pytest.approx(2)


def test_what_differs_from_the_row_above_alone_counts_as_nothing_to_code():
    assert bits_of_detail(_gray([[0, 0, 7], [9, 9, 16]])) == 1.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (6, 6)])
def test_one_colour_has_none(shape):
    assert bits_of_detail(_gray(np.full(shape, 200))) == 0


def test_strips_change_nothing(monkeypatch):
    noise = np.random.default_rng(1).integers(0, 256, (37, 20, 3), np.uint8)
    whole = bits_of_detail(noise)
    monkeypatch.setattr(
        module, "row_strips", lambda height, _: (slice(k, k + 1) for k in range(height))
    )
    assert bits_of_detail(noise) == whole
