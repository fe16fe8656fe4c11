"""What a metric is: of one decoded picture, or of a set of them.

All of them read 8-bit RGB pictures as a decoder gives them.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeGuard

import numpy as np
from jaxtyping import Float32, UInt8


class Sample(NamedTuple):
    """One decoded picture with what it may be compared with."""

    original: UInt8[np.ndarray, "h w 3"]
    decoded: UInt8[np.ndarray, "h w 3"]
    captions: Sequence[str]
    """The picture's own captions, the one to be scored first."""


class Metric(Protocol):
    """What tables need to know of any metric."""

    @property
    def name(self) -> str:
        """Its key in records, such as ``lpips``."""

    @property
    def label(self) -> str:
        """Its name in tables, such as ``LPIPS (AlexNet)``."""

    @property
    def higher_is_better(self) -> bool:
        """Which way is up."""

    @property
    def source(self) -> str:
        """The paper or file that defines it."""


class PictureMetric(Metric, Protocol):
    """A number for each picture; a set has their mean."""

    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value."""


class FeatureExtractor(Protocol):
    """What a metric of sets needs to keep of each picture. Several metrics may share one."""

    @property
    def name(self) -> str:
        """Its key in records."""

    def __call__(self, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "n f"]:
        """Returns one row per patch, or one for the whole picture."""


class SetValue(NamedTuple):
    """A metric of a set, and of how many rows it was made."""

    value: float
    num_rows: int
    std: float | None = None
    """Between subsets or splits, where the metric has them."""


class SetMetric(Metric, Protocol):
    """A number for a set of pictures, from features of originals and decoded pictures."""

    @property
    def features(self) -> FeatureExtractor:
        """What it reads of each picture."""

    def __call__(
        self, originals: Float32[np.ndarray, "n f"], decoded: Float32[np.ndarray, "n f"]
    ) -> SetValue:
        """Returns the set's value; row k of both is the same patch.

        Raises:
            ConfigError: There are too few rows.
        """


def is_set_metric(metric: Metric) -> TypeGuard[SetMetric]:
    """Returns whether the metric is of sets, and reads features."""
    return hasattr(metric, "features")


def is_picture_metric(metric: Metric) -> TypeGuard[PictureMetric]:
    """Returns whether the metric is of single pictures."""
    return not is_set_metric(metric)
