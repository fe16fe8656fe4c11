"""The paper's tables and figures as experiments: which codecs, which captions, against what."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.protocol import CodecPoint
from sidelight.evaluate.codecs.published import PublishedCurve
from sidelight.evaluate.codecs.registry import FAMILIES, codec_points
from sidelight.evaluate.codecs.sidelight_point import sidelight_points
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.experiment import Experiment
from sidelight.evaluate.measure import captions_for
from sidelight.evaluate.summary import series_name
from sidelight.metrics.registry import PAPER_METRICS, RD_METRICS

OURS = "sidelight"
_FREE_CODECS = ("jpeg", "jpeg2000", "webp", "avif", "jpeg-xl", "hevc", "vvc")
"""Those whose programs come with the extra ``evaluate``."""

Models = Mapping[str, Sequence[str | Path]]
"""Checkpoints by the name that tables give them; several are the rates of one codec."""


def rate_distortion(
    dataset: Dataset,
    codecs: Mapping[str, Sequence[float] | None],
    models: Models,
    *,
    captions: Sequence[str] = ("right", "none", "wrong", "other", "shuffled", "NA"),
    metrics: Sequence[str] = RD_METRICS,
    anchors: Sequence[str] = (),
    published: Sequence[PublishedCurve] = (),
) -> Experiment:
    """Returns figures 6 to 8: every codec, and ours with every kind of caption.

    Args:
        dataset: Any.
        codecs: Settings by codec; None for a codec's own. Empty for all whose programs are here.
        models: Checkpoints of ours; empty for the shipped one.
        captions: What decoders that read text are given.
        metrics: Names of metrics.
        anchors: The series that BD-rates are against.
        published: Curves of others to show beside them.
    """
    return Experiment(
        name="rate-distortion",
        dataset=dataset,
        points=_points_of_codecs(codecs) + points_of_models(models),
        captions=tuple(captions),
        metrics=tuple(metrics),
        anchors=tuple(anchors),
        published=tuple(published),
    )


def ablation(
    dataset: Dataset, models: Models, *, metrics: Sequence[str] = PAPER_METRICS
) -> Experiment:
    """Returns table 1: each model by its own text, against the first one.

    Raises:
        ConfigError: There are fewer than two models.
    """
    _expect_two(models, "the full model first and its variants after it")
    return Experiment(
        name="ablation",
        dataset=dataset,
        points=points_of_models(models),
        captions=("right", "none", "wrong"),
        metrics=tuple(metrics),
        anchors=(f"{next(iter(models))}, right",),
    )


def stability(
    dataset: Dataset, quality: float, *, metrics: Sequence[str] = PAPER_METRICS
) -> Experiment:
    """Returns table 2: one file, decoded with each of five captions, a wrong one and none."""
    return Experiment(
        name="stability",
        dataset=dataset,
        points=codec_points(OURS, [quality]),
        captions=(*(f"caption-{k}" for k in range(1, 6)), "wrong", "none", "shuffled", "NA"),
        metrics=tuple(metrics),
    )


def machine_vision(dataset: Dataset, codecs: Mapping[str, Sequence[float] | None]) -> Experiment:
    """Returns figure 9: what a detector still finds, at each rate."""
    return Experiment(
        name="machine-vision",
        dataset=dataset,
        points=_points_of_codecs(codecs),
        captions=("right", "none"),
        metrics=("map", "psnr"),
    )


def backbone(
    dataset: Dataset, models: Models, *, metrics: Sequence[str] = PAPER_METRICS
) -> Experiment:
    """Returns figure 12: a model against its twin without text, which comes first.

    Raises:
        ConfigError: There are not two models.
    """
    _expect_two(models, "the twin without text, then the model that reads it")
    first = points_of_models(models)[0]
    return Experiment(
        name="backbone",
        dataset=dataset,
        points=points_of_models(models),
        captions=("right", "none", "wrong"),
        metrics=tuple(metrics),
        anchors=(series_name(first.codec, captions_for(first, ["none"])[0]),),
    )


def points_of_models(models: Models) -> list[CodecPoint]:
    """Returns each checkpoint at every quality, or at quality 1 where it has one rate only.

    Raises:
        ConfigError: A name is that of another codec.
        CheckpointError: A checkpoint is missing or broken.
    """
    points: list[CodecPoint] = []
    for name, checkpoints in models.items():
        if name in FAMILIES:
            raise ConfigError(f"{name} is a codec of its own: give the model another name")
        for checkpoint in checkpoints:
            points += sidelight_points(None, checkpoint, name=name)
    return points


def _points_of_codecs(codecs: Mapping[str, Sequence[float] | None]) -> list[CodecPoint]:
    chosen = codecs or dict.fromkeys((*_FREE_CODECS, OURS))
    return list(chain.from_iterable(codec_points(n, s) for n, s in chosen.items()))


def _expect_two(models: Models, which: str) -> None:
    if len(models) < 2:
        raise ConfigError(f"needs 2 models or more, {which}; got {len(models)}: --model")
