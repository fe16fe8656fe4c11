"""The paper's tables and figures as data: which codecs, which conditions, against what."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.choice import CodecChoice
from sidelight.evaluate.codecs.published import PublishedCurve
from sidelight.evaluate.codecs.registry import OURS
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.measure import captions_for
from sidelight.evaluate.run import Experiment
from sidelight.evaluate.summary import series_name
from sidelight.metrics.registry import PAPER_METRICS, RD_METRICS

_FREE_CODECS = ("jpeg", "jpeg2000", "webp", "avif", "jpeg-xl", "hevc", "vvc", OURS)
"""Those whose programs come with the extra ``evaluate``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one table or figure asks for; a caller may ask for something else of each."""

    name: str
    """As records and reports call it."""
    codecs: tuple[str, ...] = _FREE_CODECS
    """None where there is no codec to begin with: it compares what the caller names."""
    conditions: tuple[str, ...] = ("right", "none", "wrong")
    """What decoders that read text are given."""
    metrics: tuple[str, ...] = PAPER_METRICS
    compared: str = ""
    """Which two codecs or more it needs; empty where any will do."""
    anchor: str = ""
    """The condition under which the first codec is what the others are compared with."""


RATE_DISTORTION = Measurement(
    name="rate-distortion",
    conditions=("right", "none", "wrong", "other", "shuffled", "NA"),
    metrics=RD_METRICS,
)
"""Figures 6 to 8: every codec and metric."""
PAPER = {
    "table1": Measurement(
        name="ablation",
        codecs=(),
        compared="the full model first and its variants after it",
        anchor="right",
    ),
    "table2": Measurement(
        name="stability",
        codecs=(f"{OURS}:3",),
        conditions=(*(f"caption-{k}" for k in range(1, 6)), "wrong", "none", "shuffled", "NA"),
    ),
    "figure9": Measurement(
        name="machine-vision", conditions=("right", "none"), metrics=("map", "psnr")
    ),
    "figure12": Measurement(
        name="backbone",
        codecs=(),
        compared="the twin without text, then the model that reads it",
        anchor="none",
    ),
}
"""The others that are measured: what the text is worth (table 1), one file with each of five
captions (table 2), what a detector still finds (figure 9), a model against its twin (figure 12)."""


def experiment(
    asked: Measurement,
    dataset: Dataset,
    codecs: Sequence[CodecChoice] = (),
    *,
    conditions: Sequence[str] = (),
    metrics: Sequence[str] = (),
    anchors: Sequence[str] = (),
    published: Sequence[PublishedCurve] = (),
) -> Experiment:
    """Returns what is to be measured.

    Args:
        asked: A table or figure.
        dataset: Any.
        codecs: Empty for its own, as for the rest.
        conditions: What decoders that read text are given.
        metrics: Names of metrics.
        anchors: The series that BD-rates are against.
        published: Curves of others to show beside them.

    Raises:
        ConfigError: It compares codecs and there are fewer than two, a codec or a series is
            unknown, or a setting is out of range.
        CheckpointError: A checkpoint is missing or broken.
    """
    chosen = codecs or [CodecChoice.parse(name) for name in asked.codecs]
    if asked.compared and (count := len({choice.name for choice in chosen})) < 2:
        raise ConfigError(f"needs 2 codecs or more, {asked.compared}; got {count}: --codec")
    points = list(chain.from_iterable(choice.points() for choice in chosen))
    if asked.anchor and not anchors:
        first = points[0]
        anchors = (series_name(first.codec, captions_for(first, [asked.anchor])[0]),)
    return Experiment(
        name=asked.name,
        dataset=dataset,
        points=points,
        captions=tuple(conditions or asked.conditions),
        metrics=tuple(metrics or asked.metrics),
        anchors=tuple(anchors),
        published=tuple(published),
    )
