"""Noise that every machine makes alike, by the places of pixels."""

import numpy as np

from sidelight.runtime.noise import noise, standardised


def region(top: int, left: int, height: int, width: int) -> tuple[slice, slice]:
    return slice(top, top + height), slice(left, left + width)


def test_values_are_fixed():
    """Decoded pictures would change with them; web/tests/unit/pixels.test.ts has the same."""
    assert noise(region(0, 0, 1, 8)).ravel().tolist() == [126, 129, 77, 172, 97, 213, 143, 115]
    assert noise(region(2999, 4996, 1, 4)).ravel().tolist() == [142, 99, 202, 51]


def test_a_part_is_the_same_alone():
    whole = noise(region(0, 0, 90, 120))
    assert np.array_equal(noise(region(30, 50, 20, 60)), whole[:, :, 30:50, 50:110])


def test_it_is_white_with_mean_0_and_variance_1():
    values = standardised(noise(region(0, 0, 512, 768)))[0, 0]
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01
    for row, column in ((0, 1), (1, 0), (1, 1), (0, 16), (16, 0)):
        shifted = np.roll(values, (row, column), (0, 1))
        assert abs((values * shifted).mean()) < 0.01
    power = np.abs(np.fft.rfft2(values - values.mean())) ** 2 / values.size
    # of white noise, the largest of 197,000 is 12.2 times the mean, and twice that never
    assert power.max() < 25


def test_far_corners_of_the_largest_pictures_have_it_too():
    values = standardised(noise(region(60_000, 65_000, 64, 64)))
    assert 0.9 < values.std() < 1.1
