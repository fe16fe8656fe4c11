"""Structural dissimilarity against a plain computation, and what it is there for."""

import numpy as np
import torch

from sidelight.train.losses.structure import structural_dissimilarity


def plain(x: np.ndarray, y: np.ndarray) -> float:
    """Window by window, in float64, as the definition says."""
    matrix = np.array([(0.299, 0.587, 0.114), (-0.169, -0.331, 0.5), (0.5, -0.419, -0.081)])
    planes = [np.tensordot(matrix, image, 1) for image in (x, y)]
    total = 0.0
    for scale in range(4):
        if scale:
            planes = [
                p[:, : p.shape[1] // 2 * 2, : p.shape[2] // 2 * 2]
                .reshape(3, p.shape[1] // 2, 2, p.shape[2] // 2, 2)
                .mean((2, 4))
                for p in planes
            ]
        windows = [np.lib.stride_tricks.sliding_window_view(p, (5, 5), (1, 2)) for p in planes]
        means = [w.mean((3, 4)) for w in windows]
        variances = [w.var((3, 4)) for w in windows]
        covariance = (windows[0] * windows[1]).mean((3, 4)) - means[0] * means[1]
        ssim = (2 * means[0] * means[1] + 1e-4) / (means[0] ** 2 + means[1] ** 2 + 1e-4)
        ssim = ssim * (2 * covariance + 9e-4) / (variances[0] + variances[1] + 9e-4)
        total += ((1 - ssim.mean((1, 2))) * np.array([0.8, 0.1, 0.1])).sum()
    return total / 4


def test_it_is_what_its_definition_says():
    random = np.random.default_rng(0)
    x = random.random((2, 3, 48, 56))
    y = (x + random.normal(0, 0.1, x.shape)).clip(0, 1)
    found = structural_dissimilarity(*(torch.from_numpy(v).float() for v in (x, y)))
    expected = [plain(*pair) for pair in zip(x, y, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_equal_pictures_are_at_zero_and_bfloat16_changes_nothing():
    x = torch.rand(2, 3, 64, 64)
    assert structural_dissimilarity(x, x).abs().max() < 1e-5
    y = (x + 0.05 * torch.randn_like(x)).clamp(0, 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under_autocast = structural_dissimilarity(x, y)
    assert torch.equal(under_autocast, structural_dissimilarity(x, y))


def test_a_lattice_on_a_smooth_area_costs_many_times_its_squared_error_as_brightness():
    flat = torch.full((1, 3, 64, 64), 0.5)
    lattice = flat.clone()
    lattice[:, :, ::4, ::4] += 0.12
    brighter = flat + (lattice - flat).square().mean().sqrt()
    costs = [structural_dissimilarity(flat, y) for y in (lattice, brighter)]
    assert costs[0] > 20 * costs[1] > 0
