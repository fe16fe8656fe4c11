"""Pictures of all codecs at one rate, side by side (paper figure 11)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sidelight.evaluate.codecs.choice import CodecChoice
from sidelight.evaluate.codecs.equal_rate import bits_per_pixel, nearest_setting
from sidelight.evaluate.codecs.protocol import open_file
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.environment import environment
from sidelight.evaluate.fitting import refused_pictures
from sidelight.evaluate.measure import captions_for
from sidelight.evaluate.outputs import REPORT_FILE
from sidelight.evaluate.report import Comparison, Version, write_report
from sidelight.evaluate.summary import NO_CAPTION_READ, MetricInfo, Summary, series_name
from sidelight.metrics.protocol import PictureMetric, Sample, is_picture_metric
from sidelight.metrics.registry import load_metrics

_CAPTIONS = ("right", "none", "wrong")


def show_at_equal_rate(
    dataset: Dataset,
    codecs: Sequence[CodecChoice],
    bpp: float,
    metrics: Sequence[str],
    folder: Path,
) -> Path:
    """Codes every picture with every codec near ``bpp``; returns the one HTML page of them.

    Args:
        dataset: A few pictures: all of them go into the page.
        codecs: Their settings are not used; the first is what the others are held against.
        bpp: Bits per pixel.
        metrics: Of pictures, to be printed beside them; metrics of sets are left out.
        folder: Gets the page.

    Raises:
        ConfigError: A codec or metric is unknown.
        CodecError: A codec fails.
    """
    for codec in codecs:
        codec.fine_settings()  # says so at once where there is no such codec
    loaded, unavailable = load_metrics(metrics)
    of_pictures = [metric for metric in loaded if is_picture_metric(metric)]
    unavailable |= refused_pictures(of_pictures, dataset)
    of_pictures = [metric for metric in of_pictures if metric.name not in unavailable]
    comparisons = []
    for k, picture in enumerate(dataset.pictures):
        image = dataset.image(k)
        versions = [v for c in codecs for v in _versions(dataset, k, image, c, bpp, of_pictures)]
        caption = picture.captions[0] if picture.captions else ""
        comparisons.append(Comparison(picture.name, caption, image, versions))
    summary = Summary(
        experiment=f"pictures at {bpp:g} bpp",
        environment=environment(),
        dataset=dataset.describe(),
        codecs={},
        metrics={metric.name: MetricInfo.of(metric) for metric in of_pictures},
        unavailable=unavailable,
        points=[],
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / REPORT_FILE
    write_report(summary, comparisons, path)
    return path


def _versions(
    dataset: Dataset,
    k: int,
    image: np.ndarray,
    codec: CodecChoice,
    bpp: float,
    metrics: Sequence[PictureMetric],
) -> list[Version]:
    """Returns picture ``k`` coded once near ``bpp`` and decoded with each kind of caption."""
    point = codec.at(nearest_setting(codec.fine_settings(), codec.at, [image], bpp))
    data = point.encode(image)
    rate = bits_per_pixel(data, image)
    versions = []
    decode = open_file(point, data)
    for captions in captions_for(point, _CAPTIONS):
        text = "" if captions == NO_CAPTION_READ else dataset.given(k, captions)
        decoded = decode(text)
        sample = Sample(image, decoded, dataset.pictures[k].captions)
        values = {metric.name: metric(sample) for metric in metrics}
        versions.append(Version(series_name(point.codec, captions), rate, values, decoded))
    return versions
