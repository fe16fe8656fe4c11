"""Pictures of all codecs at one rate, side by side (paper figure 11)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sidelight.evaluate.codecs.equal_rate import bits_per_pixel, nearest_setting
from sidelight.evaluate.codecs.registry import FAMILIES, fine_settings
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.environment import environment
from sidelight.evaluate.report import Comparison, Version, write_report
from sidelight.evaluate.summary import MetricInfo, Summary
from sidelight.metrics.protocol import PictureMetric, Sample, is_picture_metric
from sidelight.metrics.registry import load_metrics

_CAPTIONS = ("right", "none", "wrong")


def show_at_equal_rate(
    dataset: Dataset, codecs: Sequence[str], bpp: float, metrics: Sequence[str], path: Path
) -> None:
    """Codes every picture with every codec near ``bpp`` and writes one HTML page of them.

    Args:
        dataset: A few pictures: all of them go into the page.
        codecs: Names in the registry; the first is what the others are held against.
        bpp: Bits per pixel.
        metrics: Of pictures, to be printed beside them; metrics of sets are left out.
        path: Of the page.

    Raises:
        ConfigError: A codec or metric is unknown.
        CodecError: A codec fails.
    """
    loaded, unavailable = load_metrics(metrics)
    of_pictures = [metric for metric in loaded if is_picture_metric(metric)]
    comparisons = [
        Comparison(
            picture.name,
            picture.captions[0] if picture.captions else "",
            dataset.image(k),
            [v for codec in codecs for v in _versions(dataset, k, codec, bpp, of_pictures)],
        )
        for k, picture in enumerate(dataset.pictures)
    ]
    summary = Summary(
        experiment=f"pictures at {bpp:g} bpp",
        environment=environment(),
        dataset={
            "name": dataset.name,
            "num_pictures": len(dataset.pictures),
            "side_px": dataset.side_px,
            "sha256": dataset.manifest(),
        },
        codecs={},
        metrics={m.name: MetricInfo(m.label, m.higher_is_better, m.source) for m in of_pictures},
        unavailable=unavailable,
        points=[],
    )
    write_report(summary, comparisons, path)


def _versions(
    dataset: Dataset, k: int, codec: str, bpp: float, metrics: Sequence[PictureMetric]
) -> list[Version]:
    image = dataset.image(k)
    family = FAMILIES[codec]
    point = family.make(nearest_setting(fine_settings(codec), family.make, [image], bpp))
    data = point.encode(image)
    rate = bits_per_pixel(data, image)
    if not point.reads_text:
        return [_version(point.codec, rate, dataset, k, point.decode(data, ""), metrics)]
    return [
        _version(
            f"{point.codec}, {captions}",
            rate,
            dataset,
            k,
            point.decode(data, dataset.given(k, captions)),
            metrics,
        )
        for captions in _CAPTIONS
    ]


def _version(
    label: str,
    rate: float,
    dataset: Dataset,
    k: int,
    decoded: np.ndarray,
    metrics: Sequence[PictureMetric],
) -> Version:
    sample = Sample(dataset.image(k), decoded, dataset.pictures[k].captions)
    return Version(label, rate, {metric.name: metric(sample) for metric in metrics}, decoded)
