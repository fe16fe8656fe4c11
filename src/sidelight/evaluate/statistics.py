"""Means with intervals over pictures, and the Bjontegaard rate between two codecs (choice C25)."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.interpolate import Akima1DInterpolator, PchipInterpolator

from sidelight.errors import ConfigError

LEVEL = 0.95
_RESAMPLES = 2000
_BD_RESAMPLES = 500
_MOST_PLACES = 2**20
_SEED = 2311
_SMALLEST_OVERLAP = 0.5


class Estimate(NamedTuple):
    """A value and its bootstrap interval, which holds with probability ``LEVEL``."""

    value: float
    low: float
    high: float


class Curve(NamedTuple):
    """A codec's rate and one metric at several settings, pictures in the same order everywhere."""

    bpp: Float[np.ndarray, "settings pictures"]
    metric: Float[np.ndarray, "settings pictures"]

    def of(self, pictures: np.ndarray) -> "Curve":
        """Returns the curve of some of the pictures, given by their places."""
        return Curve(self.bpp[:, pictures], self.metric[:, pictures])


class BDRate(NamedTuple):
    """Bits that a codec takes beyond the anchor's at an equal metric, in percent."""

    percent: float
    low: float
    high: float
    """Bootstrap interval over pictures; not a number where there is one picture only."""
    percent_akima: float
    """By another interpolation; far from ``percent``, neither is to be trusted."""
    percent_log: float | None
    """Over the metric's logarithm, where lower is better and all of it is above zero."""
    overlap: float
    """Common metric range as a share of what both curves cover."""


def mean_with_interval(values: Sequence[float] | np.ndarray) -> Estimate:
    """Returns the mean over pictures, with the percentile interval of resampled means.

    Where a value is not finite, as the PSNR of equal pictures, the ends are not known.
    """
    array = np.asarray(values, np.float64)
    if not np.isfinite(array).all():
        return Estimate(_mean(array), math.nan, math.nan)
    means = [array[pictures].mean(1) for pictures in _resampled(len(array), _RESAMPLES)]
    return Estimate(float(array.mean()), *interval(np.concatenate(means)))


def _mean(array: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):  # infinities of both signs have none
        return float(array.mean())


def bd_rate(anchor: Curve, tested: Curve, *, higher_is_better: bool) -> BDRate:
    """Returns the mean difference in log rate over the metrics that both reach.

    The rate is interpolated over the metric by monotone cubic pieces (PCHIP).

    Raises:
        ConfigError: Fewer than two settings, a metric that does not improve with the rate, or
            ranges that share less than half of what they cover together.
    """
    goodness = _itself if higher_is_better else np.negative
    ends = _points(anchor, goodness), _points(tested, goodness)
    percent, overlap = _compare(*ends, PchipInterpolator)
    akima, _ = _compare(*ends, Akima1DInterpolator)
    logarithmic = None
    # an unbiased estimate such as KID may fall below zero, where there is no logarithm
    positive = min(curve.metric.mean(1).min() for curve in (anchor, tested)) > 0
    if positive and not higher_is_better:
        in_log = _points(anchor, _minus_log), _points(tested, _minus_log)
        logarithmic, _ = _compare(*in_log, PchipInterpolator, smallest_overlap=0.0)
    resampled = _resampled_rates(anchor, tested, goodness) if anchor.bpp.shape[1] > 1 else []
    return BDRate(percent, *interval(resampled), akima, logarithmic, overlap)


def bd_rate_of_means(
    anchor: Sequence[tuple[float, float]],
    tested: Sequence[tuple[float, float]],
    *,
    higher_is_better: bool,
) -> BDRate:
    """Returns the same from (bpp, metric) points of which only means are known.

    Raises:
        ConfigError: As for ``bd_rate``.
    """
    return bd_rate(_of_means(anchor), _of_means(tested), higher_is_better=higher_is_better)


def draws(count: int, number: int) -> Iterator[np.ndarray]:
    """Yields places of ``count`` pictures drawn with repetition, the same ones at every call."""
    return chain.from_iterable(_resampled(count, number))


def interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Returns the percentiles that hold ``LEVEL`` of resampled values; nan where there are none."""
    if len(values) == 0:
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return float(low), float(high)


def _of_means(points: Sequence[tuple[float, float]]) -> Curve:
    bpp, metric = np.array(points).T[:, :, None]
    return Curve(bpp, metric)


def _resampled_rates(
    anchor: Curve, tested: Curve, goodness: Callable[[np.ndarray], np.ndarray]
) -> list[float]:
    rates = []
    for pictures in draws(anchor.bpp.shape[1], _BD_RESAMPLES):
        try:
            ends = (
                _points(anchor.of(pictures), goodness),
                _points(tested.of(pictures), goodness),
            )
            rates.append(_compare(*ends, PchipInterpolator)[0])
        except ConfigError:
            continue  # a draw whose curve bends back has no rate
    return rates


def _itself(metric: np.ndarray) -> np.ndarray:
    return metric


def _minus_log(metric: np.ndarray) -> np.ndarray:
    return -np.log(metric)


def _points(curve: Curve, goodness: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Returns rows (goodness, log10 of bpp) of the means over pictures, rising in both."""
    points = np.stack([goodness(curve.metric.mean(1)), np.log10(curve.bpp.mean(1))], axis=1)
    if not np.isfinite(points).all():
        raise ConfigError("the metric or the rate is not finite at some setting: no BD-rate")
    points = points[points[:, 1].argsort()]
    if len(points) < 2:
        raise ConfigError(f"a BD-rate needs two settings or more, got {len(points)}")
    for (worse, lower), (better, higher) in pairwise(points):
        if better <= worse:
            raise ConfigError(
                f"the metric gets no better from {10**lower:.3f} to {10**higher:.3f} bpp: "
                "no BD-rate"
            )
    return points


def _compare(
    anchor: np.ndarray,
    tested: np.ndarray,
    interpolator: type[PchipInterpolator] | type[Akima1DInterpolator],
    smallest_overlap: float = _SMALLEST_OVERLAP,
) -> tuple[float, float]:
    low, high = max(anchor[0, 0], tested[0, 0]), min(anchor[-1, 0], tested[-1, 0])
    widest = max(anchor[-1, 0], tested[-1, 0]) - min(anchor[0, 0], tested[0, 0])
    overlap = (high - low) / widest
    if overlap < smallest_overlap:
        shared = math.floor(100 * max(overlap, 0.0))  # or what falls short would read as enough
        raise ConfigError(
            f"the metric ranges share {shared}% of what they cover, expected "
            f"{smallest_overlap:.0%} or more: no BD-rate"
        )
    areas = [interpolator(*curve.T).integrate(low, high) for curve in (anchor, tested)]
    difference = (areas[1] - areas[0]) / (high - low)
    return float(100 * (10**difference - 1)), float(overlap)


def _resampled(count: int, number: int) -> Iterator[np.ndarray]:
    """Yields (some, count) places, ``number`` rows in all; few enough at once for any memory."""
    random = np.random.default_rng(_SEED)
    some = max(1, _MOST_PLACES // count)
    for start in range(0, number, some):
        yield random.integers(0, count, (min(some, number - start), count))
