"""Drawn pictures: the same for the same seed, flat where photographs are not, and captioned."""

import numpy as np

from sidelight.train.data.drawings import draw_pictures


def test_a_longer_list_begins_with_the_shorter_one():
    few, more = draw_pictures(2, seed=3), draw_pictures(4, seed=3)
    for first, second in zip(few, more, strict=False):
        assert first.key == second.key
        assert np.array_equal(first.image, second.image)


def test_seeds_and_pictures_differ():
    first, second = draw_pictures(2, seed=3)
    (other,) = draw_pictures(1, seed=4)
    assert not np.array_equal(first.image, second.image)
    assert not np.array_equal(first.image, other.image)


def test_most_of_a_drawing_is_flat_and_something_is_drawn():
    for picture in draw_pictures(8, seed=5):
        colours, counts = np.unique(picture.image.reshape(-1, 3), axis=0, return_counts=True)
        assert len(colours) > 1, picture.key
        assert counts.max() > 0.2 * counts.sum(), picture.key
        assert all(picture.captions)
