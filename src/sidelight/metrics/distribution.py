"""Distances between sets of features: FID, KID and IS, and IPD for single pictures.

The same classes make the values of any feature extractor; only Inception's carry the published
names (choices C23b and C23c).

Axes: n rows, f features, k classes.
"""

from typing import Protocol

import numpy as np
from jaxtyping import Float32, Float64

from sidelight.errors import ConfigError
from sidelight.metrics.protocol import FeatureExtractor, Sample, SetValue

_SEED = 2020
_KID_SUBSETS, _KID_LARGEST_SUBSET = 100, 1000
_IS_SPLITS, _IS_FEWEST_ROWS = 10, 1000
_LABELS = {"effnet": "EffNet"}
_PATCHES = {"tiles": "256 px tiles", "whole": "whole pictures"}


class ClassifierFeatures(FeatureExtractor, Protocol):
    """Features from which a classifier's logits follow."""

    def logits(self, features: Float32[np.ndarray, "n f"]) -> Float32[np.ndarray, "n k"]:
        """Returns the logits of rows that this extractor gave."""


class FrechetDistance:
    """Frechet distance between the Gaussians that have the means and covariances of two sets."""

    higher_is_better = False
    source = "Heusel et al. 2017; tiles of Mentzer et al. 2020"

    def __init__(self, features: FeatureExtractor) -> None:
        self.features = features
        self.name, self.label = _names(features, published="FID", otherwise="FD")

    def __call__(
        self, originals: Float32[np.ndarray, "n f"], decoded: Float32[np.ndarray, "n f"]
    ) -> SetValue:
        """Returns the distance; below about 2048 rows it is biased upwards, and ranks only.

        Raises:
            ConfigError: There are fewer than two rows, or the sets differ in shape.
        """
        count = _check(self.name, originals, decoded, fewest=2)
        (mean, root), (mean_hat, root_hat) = (_gaussian(rows) for rows in (originals, decoded))
        # tr (S1 S2)^(1/2) is the sum of the singular values of A1 A2', where S = A'A: no root of a
        # matrix that few rows leave singular
        shared = np.linalg.svd(root @ root_hat.T, compute_uv=False).sum()
        spread = np.square(root).sum() + np.square(root_hat).sum() - 2 * shared
        return SetValue(float(np.square(mean - mean_hat).sum() + max(spread, 0.0)), count)


class KernelDistance:
    """Unbiased squared MMD with a cubic kernel, mean and deviation over random subsets."""

    higher_is_better = False
    source = "Binkowski et al. 2018; subsets and seed of torch-fidelity"

    def __init__(self, features: FeatureExtractor) -> None:
        self.features = features
        self.name, self.label = _names(features, published="KID", otherwise="KD")

    def __call__(
        self, originals: Float32[np.ndarray, "n f"], decoded: Float32[np.ndarray, "n f"]
    ) -> SetValue:
        """Returns the mean over 100 subsets of 1000 rows, or of half the rows where that is less.

        It is a little below zero where the sets are almost equal: a patch and its own copy count
        as a pair across the sets.

        Raises:
            ConfigError: There are fewer than four rows, or the sets differ in shape.
        """
        count = _check(self.name, originals, decoded, fewest=4)
        size = min(_KID_LARGEST_SUBSET, count // 2)
        random = np.random.RandomState(_SEED)  # as torch-fidelity draws
        values = []
        for _ in range(_KID_SUBSETS):
            rows, rows_hat = (random.choice(count, size, replace=False) for _ in range(2))
            values.append(squared_mmd(originals[rows], decoded[rows_hat]))
        return SetValue(float(np.mean(values)), count, float(np.std(values)))


class ClassifierScore:
    """How sure and how varied a classifier's answers are; reads the decoded pictures only."""

    higher_is_better = True
    source = "Salimans et al. 2016; splits and seed of torch-fidelity"

    def __init__(self, features: ClassifierFeatures) -> None:
        self.features = features
        self.name, self.label = _names(features, published="IS", otherwise="IS")

    def __call__(
        self, originals: Float32[np.ndarray, "n f"], decoded: Float32[np.ndarray, "n f"]
    ) -> SetValue:
        """Returns the mean over ten shuffled splits, or that of one below 1000 rows.

        Raises:
            ConfigError: There are no rows, or the sets differ in shape.
        """
        count = _check(self.name, originals, decoded, fewest=1)
        splits = _IS_SPLITS if count >= _IS_FEWEST_ROWS else 1
        random = np.random.RandomState(_SEED)  # as torch-fidelity draws
        logits = self.features.logits(decoded).astype(float)[random.permutation(count)]
        edges = [k * count // splits for k in range(1, splits)]
        scores = [_score(part) for part in np.split(logits, edges)]
        std = float(np.std(scores)) if splits > 1 else None
        return SetValue(float(np.mean(scores)), count, std)


class InstanceDistance:
    """Distance between a picture's features and its original's; the paper leaves it undefined.

    IPD has no definition in the literature that could be found, so this one is ours: the Euclidean
    distance per picture, which is what FID is to sets (choice C23c).
    """

    higher_is_better = False
    source = "our definition of the instance perceptual distance (docs/choices.md, choice C23c)"

    def __init__(self, features: FeatureExtractor) -> None:
        """Takes an extractor that gives one row per picture."""
        self._features = features
        self.name, self.label = _names(
            features, published="IPD", otherwise="IPD", detail="our definition"
        )

    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value."""
        difference = self._features(sample.original) - self._features(sample.decoded)
        return float(np.linalg.norm(difference.astype(float), axis=1).mean())


def squared_mmd(x: Float32[np.ndarray, "n f"], y: Float32[np.ndarray, "n f"]) -> float:
    """Returns the unbiased estimate for the kernel (a.b / f + 1)^3."""
    x, y = x.astype(float), y.astype(float)
    count, width = x.shape
    within = 0.0
    for rows in (x, y):
        kernel = (rows @ rows.T / width + 1) ** 3
        within += kernel.sum() - np.trace(kernel)
    across = ((x @ y.T / width + 1) ** 3).mean()
    return float(within / (count * (count - 1)) - 2 * across)


def _gaussian(
    rows: Float32[np.ndarray, "n f"],
) -> tuple[Float64[np.ndarray, " f"], Float64[np.ndarray, "m f"]]:
    """Returns the mean and a matrix A, at most square, with A'A the unbiased covariance."""
    exact = rows.astype(float)
    mean = exact.mean(0)
    root = (exact - mean) / np.sqrt(len(exact) - 1)
    return mean, root if len(root) <= root.shape[1] else np.asarray(np.linalg.qr(root, mode="r"))


def _score(logits: Float64[np.ndarray, "n k"]) -> float:
    shifted = logits - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    p = np.exp(log_p)
    mean = p.mean(0)
    # a class that no row gives any chance adds nothing
    log_mean = np.log(mean, out=np.zeros_like(mean), where=mean > 0)
    return float(np.exp((p * (log_p - log_mean)).sum(1).mean()))


def _names(
    features: FeatureExtractor, *, published: str, otherwise: str, detail: str = ""
) -> tuple[str, str]:
    """Returns the key and the label: published names are for the published network only."""
    network, _, patches = features.name.partition("_")
    detail = detail or _PATCHES.get(patches, patches)
    if network == "inception":
        return published.lower(), f"{published} (Inception, {detail})"
    return (
        f"{otherwise.lower()}_{network}",
        f"{otherwise}-{_LABELS.get(network, network)} ({detail})",
    )


def _check(name: str, originals: np.ndarray, decoded: np.ndarray, *, fewest: int) -> int:
    if originals.shape != decoded.shape:
        raise ConfigError(
            f"{name} compares sets of the same shape, got {originals.shape} and {decoded.shape}"
        )
    if len(decoded) < fewest:
        raise ConfigError(
            f"{name} needs {fewest} patches or more, got {len(decoded)}: "
            "give more or larger pictures"
        )
    return len(decoded)
