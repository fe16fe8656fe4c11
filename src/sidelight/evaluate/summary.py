"""What an experiment comes to: a mean or a set's value per codec, setting and caption."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from sidelight.evaluate.statistics import BDRate, Estimate
from sidelight.files import write_atomically
from sidelight.metrics.protocol import Metric
from sidelight.strict_json import from_json, to_json

SUMMARY_FILE = "summary.json"
NO_CAPTION_READ = "-"
"""Stands for the captions of a codec that reads none."""


def series_name(codec: str, captions: str) -> str:
    """Returns what a codec's curve with one choice of captions is called."""
    return codec if captions == NO_CAPTION_READ else f"{codec}, {captions}"


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """What tables say of a metric."""

    label: str
    higher_is_better: bool
    source: str

    @classmethod
    def of(cls, metric: Metric) -> Self:
        """Returns what the metric says of itself."""
        return cls(metric.label, metric.higher_is_better, metric.source)


@dataclass(frozen=True, slots=True)
class SetEstimate:
    """A metric of a whole set, and of how many rows of features it was made."""

    value: float
    count: int
    std: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One codec at one setting, decoded with one choice of captions."""

    codec: str
    setting: str
    captions: str
    """What the decoder was given (``GIVEN`` in dataset.py), or ``NO_CAPTION_READ``."""
    num_pictures: int
    bpp: Estimate
    """Of whole files; mean over pictures of each one's rate."""
    bpp_with_captions: float
    """The same with the UTF-8 bytes of the captions added."""
    metrics: dict[str, Estimate | SetEstimate]
    """By name of the metric; one that could not be computed is not here."""

    @property
    def series(self) -> str:
        """The curve that it belongs to."""
        return series_name(self.codec, self.captions)


@dataclass(frozen=True, slots=True)
class CodingTime:
    """Seconds of one codec at one setting; the first picture of a process pays for loading."""

    codec: str
    setting: str
    encode_s: float
    """Mean over pictures."""
    decode_s: float
    """Mean over pictures and choices of captions."""
    total_s: float
    """Of all encoding and decoding in the run; what metrics took is not in it."""


@dataclass(frozen=True, slots=True)
class BDResult:
    """One series against the anchor, or the reason why there is no figure."""

    metric: str
    anchor: str
    series: str
    rate: BDRate | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaptionEffect:
    """What another caption changes against none, for the same files."""

    codec: str
    setting: str
    captions: str
    metric: str
    change: Estimate
    """The metric with this caption less that without any; ends may be nan, not known."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All that tables, plots and the report read."""

    experiment: str
    environment: dict[str, Any]
    """Commit, versions, command, seed, processor."""
    dataset: dict[str, Any]
    """``name``, ``num_pictures``, ``side_px`` and ``sha256`` by file."""
    codecs: dict[str, dict[str, Any]]
    """What each codec's setting says of itself: versions and command lines."""
    metrics: dict[str, MetricInfo]
    unavailable: dict[str, str]
    """Metrics that were asked for and could not run, with the reason."""
    points: list[Point]
    times: list[CodingTime] = field(default_factory=list)
    caption_effects: list[CaptionEffect] = field(default_factory=list)
    """Where codecs that read text were also given none."""
    bd_rates: list[BDResult] = field(default_factory=list)

    def trained_on(self, codec: str, setting: str | None = None) -> set[str]:
        """Returns the metrics that the codec's weights were trained on.

        Args:
            codec: A key of ``codecs``, or the name of a published curve, of which none is known.
            setting: None for those of any setting.
        """
        described = self.codecs.get(codec, {})
        chosen = described.values() if setting is None else [described.get(setting, {})]
        return {metric for one in chosen for metric in one.get("trained_on", ())}

    def save(self, folder: Path) -> None:
        """Writes ``summary.json``, whole or not at all."""
        write_atomically(folder / SUMMARY_FILE, to_json(asdict(self), indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what ``save`` wrote."""
        return cls.from_dict(from_json((folder / SUMMARY_FILE).read_bytes()))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Builds the summary from what its JSON holds."""
        return cls(
            **dict(values)
            | {
                "metrics": {name: MetricInfo(**info) for name, info in values["metrics"].items()},
                "points": [_read_point(point) for point in values["points"]],
                "times": [CodingTime(**time) for time in values["times"]],
                "caption_effects": [
                    CaptionEffect(**e | {"change": _estimate(e["change"])})
                    for e in values["caption_effects"]
                ],
                "bd_rates": [_read_bd(result) for result in values["bd_rates"]],
            }
        )


def _estimate(values: Sequence[float | str]) -> Estimate:
    return Estimate(*map(float, values))  # what is not finite is a string in JSON


def _read_point(values: dict[str, Any]) -> Point:
    metrics = {
        name: SetEstimate(**v | {"value": float(v["value"])})
        if isinstance(v, dict)
        else _estimate(v)
        for name, v in values["metrics"].items()
    }
    return Point(**values | {"bpp": _estimate(values["bpp"]), "metrics": metrics})


def _bd_rate(values: Sequence[Any]) -> BDRate:
    percent, low, high, akima, by_log, overlap = (None if v is None else float(v) for v in values)
    return BDRate(percent or 0.0, low or 0.0, high or 0.0, akima or 0.0, by_log, overlap or 0.0)


def _read_bd(values: dict[str, Any]) -> BDResult:
    rate = values["rate"]
    return BDResult(**values | {"rate": None if rate is None else _bd_rate(rate)})
