import numpy as np
import pytest

from sidelight.pixels.padding import cut, pad_to_multiple

IMAGE = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)


def test_sides_grow_to_the_next_multiple():
    assert pad_to_multiple(IMAGE, 4).shape == (4, 8, 3)


def test_edges_are_repeated_right_and_below():
    padded = pad_to_multiple(IMAGE, 64)
    assert (padded[:3, :5] == IMAGE).all()
    assert (padded[:3, 5:] == IMAGE[:, -1:]).all()
    assert (padded[3:] == padded[2:3]).all()


@pytest.mark.parametrize("multiple", [1, 2])
def test_fitting_sides_stay(multiple):
    assert (pad_to_multiple(IMAGE[:2, :4], multiple) == IMAGE[:2, :4]).all()


def test_multiple_below_one_is_refused():
    with pytest.raises(ValueError, match="multiple must be >= 1, got 0"):
        pad_to_multiple(IMAGE, 0)


def test_cutting_copies_only_what_does_not_lie_pixel_by_pixel():
    by_plane = np.ascontiguousarray(IMAGE.transpose(2, 0, 1)).transpose(1, 2, 0)
    for image, is_view in ((IMAGE, True), (by_plane, False)):
        part = cut(image, 2, 3)
        assert np.array_equal(part, IMAGE[:2, :3])
        assert np.shares_memory(part, image) is is_view
