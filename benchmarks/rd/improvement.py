"""What drawing changes in pictures of one kind, by SSIMULACRA2 and LPIPS."""

from collections.abc import Sequence
from functools import cache
from statistics import fmean

import numpy as np

from benchmarks.record import Record
from sidelight.metrics.perceptual import Lpips
from sidelight.metrics.protocol import PictureMetric, Sample
from sidelight.metrics.ssimulacra2 import Ssimulacra2


@cache
def _metrics() -> dict[str, PictureMetric]:
    return {"ssimulacra2": Ssimulacra2(), "lpips": Lpips()}


def scores(original: np.ndarray, **shown: np.ndarray) -> Record:
    """Returns each metric of each shown picture, such as ``lpips_plain`` of ``plain``."""
    return {
        f"{name}_{which}": metric(Sample(original, image, ()))
        for name, metric in _metrics().items()
        for which, image in shown.items()
    }


def in_short(found: Sequence[Record], drawn: str) -> Record:
    """Returns means over pictures, and the worst change of SSIMULACRA2 from plain to ``drawn``."""
    means = {key: fmean(row[key] for row in found) for key in found[0]}
    change = [row[f"ssimulacra2_{drawn}"] - row["ssimulacra2_plain"] for row in found]
    return {**means, "worst_change": min(change)}
