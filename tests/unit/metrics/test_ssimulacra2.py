"""SSIMULACRA2 against what libjxl's own program prints, and what holds for any pictures."""

import numpy as np
import pytest
import torch

from sidelight.errors import ImageError
from sidelight.metrics.protocol import Sample
from sidelight.metrics.ssimulacra2 import Ssimulacra2, _banded, _blur, ssimulacra2, window


def coarse(original: np.ndarray, step: int) -> Sample:
    levels = np.round(original / step).clip(0, 255 // step)
    return Sample(original, levels.astype(np.uint8) * step, [])


# recorded with the program ssimulacra2 of libjxl 0.11.2
RECORDED = {
    (131, 203): {4: 94.5563, 32: 61.1073, 64: -13.7843},  # odd at each of six scales but one
    (64, 80): {4: 92.3951, 32: 44.9411, 64: 7.6330},  # five scales
    (8, 9): {4: 97.4804, 32: 90.1093, 64: 83.1022},  # two, the second of 4x5 px
}


@pytest.mark.parametrize("size", RECORDED)
def test_values_are_those_of_libjxl(make_picture, size):
    original = make_picture(*size)
    found = {step: Ssimulacra2()(coarse(original, step)) for step in RECORDED[size]}
    assert found == pytest.approx(RECORDED[size], abs=0.03)


@pytest.mark.parametrize("size", [(8, 8), (33, 57), (131, 203)])
def test_equal_pictures_have_exactly_100(make_picture, size):
    original = make_picture(*size)
    assert Ssimulacra2()(Sample(original, original.copy(), [])) == 100


def test_one_level_in_one_channel_shows(make_picture):
    original = make_picture(64, 64)
    decoded = original.copy()
    decoded[20:40, 20:40, 2] += 1
    assert 95 < Ssimulacra2()(Sample(original, decoded, [])) < 100


def test_pictures_of_a_batch_are_judged_one_by_one(make_picture):
    first, second = make_picture(64, 80), make_picture(64, 80, seed=1)
    pairs = [coarse(first, 8), coarse(second, 24)]
    originals, decoded = (
        torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) / 255
        for images in zip(*(pair[:2] for pair in pairs), strict=True)
    )
    together = ssimulacra2(originals, decoded)
    assert together.tolist() == pytest.approx([Ssimulacra2()(pair) for pair in pairs], abs=1e-3)


@pytest.mark.parametrize("sigma", [1.0, 1.5, 3.0])
def test_the_window_is_a_gaussian_of_its_sum_and_variance(sigma):
    found = window(sigma)
    places = np.arange(len(found)) - len(found) // 2
    gaussian = np.exp(-0.5 * (places / sigma) ** 2) / (sigma * (2 * np.pi) ** 0.5)
    assert found == pytest.approx(gaussian, abs=0.0065)
    assert (found.sum(), found @ places**2) == pytest.approx((1, sigma**2))
    assert found == pytest.approx(found[::-1])


def test_pictures_of_different_sizes_are_refused(make_picture):
    original = make_picture(64, 80)
    with pytest.raises(ImageError, match="has 80x32 px, its original 80x64 px"):
        Ssimulacra2()(Sample(original, original[:32], []))


def test_a_side_under_8_px_is_refused(make_picture):
    original = make_picture(7, 80)
    with pytest.raises(ImageError, match="needs sides of 8 px or more, got 80x7 px"):
        Ssimulacra2()(Sample(original, original, []))


@pytest.mark.parametrize("size", [(4, 5), (40, 33)])
def test_products_of_matrices_blur_as_the_window_does(size):
    x = torch.rand(2, 3, *size, dtype=torch.float64)
    line = torch.from_numpy(window(1.5))
    down, across = (_banded(line, side) for side in size)
    torch.testing.assert_close(down @ x @ across, _blur(x))
