"""Which metrics a data set allows, found before anything is coded."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice

import numpy as np

from sidelight.errors import CodecError
from sidelight.evaluate.dataset import Dataset
from sidelight.metrics.protocol import (
    Metric,
    Sample,
    SetMetric,
    is_picture_metric,
    is_set_metric,
)
from sidelight.train.data.pictures import picture_size

_PROBE_PX = 512
"""No metric asks for longer sides."""


def refused_pictures(metrics: Sequence[Metric], dataset: Dataset) -> dict[str, str]:
    """Returns the metrics of pictures and extractors of features that some picture is not for.

    Returns:
        Reasons by the metric's name.
    """
    probes = _probes(dataset)
    reasons = {}
    for metric in metrics:
        measure: Callable[[Sample], object]
        if is_set_metric(metric):
            measure = partial(_extract, metric)
        elif is_picture_metric(metric):
            measure = metric
        if reason := _refused(measure, probes):
            reasons[metric.name] = reason
    return reasons


def refused_set(metric: SetMetric, originals: Sequence[np.ndarray]) -> str:
    """Returns why these originals' features give a metric no value, "" where they do."""
    features = np.concatenate(originals)
    try:
        metric(features, features)
    except CodecError as error:
        return str(error)
    return ""


def _extract(metric: SetMetric, sample: Sample) -> object:
    return metric.features(sample.original)


def _refused(measure: Callable[[Sample], object], probes: Mapping[str, Sample]) -> str:
    for name, sample in probes.items():
        try:
            measure(sample)
        except CodecError as error:
            return f"{name}: {error}"
    return ""


def _probes(dataset: Dataset) -> dict[str, Sample]:
    """Returns a part of the picture with the shortest side, and of the first without a caption."""
    chosen = {min(range(len(dataset.pictures)), key=lambda k: _shortest_px(dataset, k))}
    bare = (k for k, picture in enumerate(dataset.pictures) if not picture.captions)
    chosen.update(islice(bare, 1))
    samples = {}
    for k in sorted(chosen):
        part = np.ascontiguousarray(dataset.image(k)[:_PROBE_PX, :_PROBE_PX])
        picture = dataset.pictures[k]
        samples[picture.name] = Sample(part, part, picture.captions)
    return samples


def _shortest_px(dataset: Dataset, k: int) -> int:
    picture = dataset.pictures[k]
    return dataset.side_px or min(picture_size(str(picture.path), picture.path))
