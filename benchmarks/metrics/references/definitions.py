"""Metrics as their papers print them, with scipy's and torchmetrics' parts instead of ours.

Axes: h and w picture height and width, n rows, f features, k classes.
"""

from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.linalg import sqrtm
from scipy.signal import convolve2d
from scipy.special import rel_entr, softmax

_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ms_ssim(x: Float[np.ndarray, "h w"], y: Float[np.ndarray, "h w"]) -> float:
    """Returns MS-SSIM of one channel, as Wang, Simoncelli and Bovik print it."""
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def local(values: np.ndarray) -> np.ndarray:
        return convolve2d(values, window, mode="valid")

    product = 1.0
    for exponent in _EXPONENTS:
        mean_x, mean_y = local(x), local(y)
        covariance = local(x * y) - mean_x * mean_y
        variances = local(x * x) - mean_x**2 + local(y * y) - mean_y**2
        contrast = (2 * covariance + (0.03 * 255) ** 2) / (variances + (0.03 * 255) ** 2)
        light = (2 * mean_x * mean_y + 2.55**2) / (mean_x**2 + mean_y**2 + 2.55**2)
        last = exponent == _EXPONENTS[-1]
        product *= (contrast * light if last else contrast).mean() ** exponent
        x, y = _half(x), _half(y)
    return product


def frechet_distance(
    mean: Float[np.ndarray, " f"],
    covariance: Float[np.ndarray, "f f"],
    mean_hat: Float[np.ndarray, " f"],
    covariance_hat: Float[np.ndarray, "f f"],
) -> float:
    """Returns the distance between two Gaussians, by scipy's root of the product."""
    root = sqrtm(covariance @ covariance_hat).real
    spread = np.trace(covariance + covariance_hat - 2 * root)
    return float(np.square(mean - mean_hat).sum() + spread)


def kernel_distances(
    x: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n f"], size: int
) -> np.ndarray:
    """Returns torchmetrics' squared MMD of 100 subsets, drawn as torch-fidelity draws them."""
    from torchmetrics.image.kid import poly_mmd

    random = np.random.RandomState(2020)
    values = []
    for _ in range(100):
        first, second = (random.choice(len(x), size, replace=False) for _ in range(2))
        subsets = (torch.from_numpy(rows.astype(float)) for rows in (x[first], y[second]))
        values.append(float(poly_mmd(*subsets)))
    return np.array(values)


def inception_scores(logits: Float[np.ndarray, "n k"], splits: int) -> np.ndarray:
    """Returns exp of the mean divergence from the mean answer, of each split."""
    order = np.random.RandomState(2020).permutation(len(logits))
    p = softmax(logits.astype(float), axis=1)[order]
    edges = [k * len(p) // splits for k in range(splits + 1)]
    parts = [p[start:stop] for start, stop in pairwise(edges)]
    return np.array([np.exp(rel_entr(part, part.mean(0)).sum(1).mean()) for part in parts])


def average_precision(present: Bool[np.ndarray, " n"], scores: Float[np.ndarray, " n"]) -> float:
    """Returns the precision over each distinct score as a threshold, from the highest."""
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        found = scores >= threshold
        precision = present[found].sum() / found.sum()
        gained = present[found].sum() / present.sum() - recall
        total, recall = total + precision * gained, recall + gained
    return float(total)


def _half(values: np.ndarray) -> np.ndarray:
    """Returns means of blocks of 2x2; a last odd line is repeated."""
    height, width = values.shape
    even = np.pad(values, [(0, height % 2), (0, width % 2)], mode="edge")
    return (even[::2, ::2] + even[::2, 1::2] + even[1::2, ::2] + even[1::2, 1::2]) / 4
