"""Runs codecs over a data set: resumable, parallel over pictures, and summed up.

codecs x pictures -> measure -> results folder -> points -> BD-rates -> summary.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from sidelight.claim import claimed
from sidelight.errors import ConfigError
from sidelight.evaluate.allocator import keep_freed_memory
from sidelight.evaluate.codecs.protocol import CodecPoint
from sidelight.evaluate.codecs.published import PublishedCurve
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.environment import environment, without_paths
from sidelight.evaluate.fitting import refused_pictures, refused_set
from sidelight.evaluate.measure import Measured, Task, captions_for, measure, tasks_of
from sidelight.evaluate.points import (
    bd_rates_of,
    caption_effects_of,
    points_of,
    published_points,
    times_of,
)
from sidelight.evaluate.results import Results, save_features
from sidelight.evaluate.summary import MetricInfo, Summary, series_name
from sidelight.metrics.protocol import (
    FeatureExtractor,
    Metric,
    PictureMetric,
    SetMetric,
    is_picture_metric,
    is_set_metric,
)
from sidelight.metrics.registry import load_metrics
from sidelight.pool import carry_out

Report = Callable[[int, int, str], None]
"""Told how many tasks are done, of how many, and which was the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What is measured: every point on every picture, with every choice of captions.

    Raises:
        ConfigError: An anchor is none of its series, or two points have the same name.
    """

    name: str
    dataset: Dataset
    points: Sequence[CodecPoint]
    captions: Sequence[str]
    metrics: Sequence[str]
    anchors: Sequence[str] = ()
    """The series that BD-rates are against."""
    published: Sequence[PublishedCurve] = ()
    """Curves of others, shown beside what is measured."""

    def __post_init__(self) -> None:
        named = Counter((point.codec, point.setting) for point in self.points)
        if twice := [" ".join(point) for point, count in named.items() if count > 1]:
            raise ConfigError(f"{twice[0]} is named twice: results are kept by codec and setting")
        series = self.series()
        read = {c for point in self.points for c in captions_for(point, self.captions)}
        for captions in read.intersection(self.captions):
            for k in range(len(self.dataset.pictures)):
                self.dataset.given(k, captions)  # raises where there is none
        if missing := [anchor for anchor in self.anchors if anchor not in series]:
            raise ConfigError(f"no series {missing[0]!r} to compare with, there are {series}")

    def series(self) -> list[str]:
        """Returns the names of the curves that it gives, as ``Point.series`` has them."""
        measured = [
            series_name(point.codec, captions)
            for point in self.points
            for captions in captions_for(point, self.captions)
        ]
        return list(dict.fromkeys([*measured, *(curve.name for curve in self.published)]))

    def conditions(self) -> dict[str, Any]:
        """Returns what must be equal for a run to go on in the same folder."""
        return {
            "data set": self.dataset.describe(),
            "codecs": described(self.points),
            "captions": list(self.captions),
            "metrics": list(self.metrics),
        }


def run(
    experiment: Experiment,
    folder: Path,
    *,
    workers: int = 1,
    report: Report | None = None,
    tell: Callable[[str], None] | None = None,
) -> Summary:
    """Measures what the folder does not hold yet, and writes ``summary.json`` into it.

    Args:
        experiment: What to measure.
        folder: Where everything goes; one that was cut short goes on, and other codecs may join.
        workers: Processes that share the pictures, and the cores.
        report: Called after each picture.
        tell: Gets a line for each metric that is left out, before anything is coded.

    Raises:
        CodecError: A codec failed; what was measured before is kept.
        ImageError: A picture cannot be read.
        ConfigError: The folder belongs to another experiment, another process is at work in it,
            no metric can be measured, or no worker process starts.
        OSError: A file cannot be read or written, or a worker process died twice.
    """
    loaded, unavailable = load_metrics(experiment.metrics)
    for k in range(len(experiment.dataset.pictures)):
        experiment.dataset.image(k)  # raises where it is broken, before others are coded in vain
    with claimed(folder):
        results = Results(folder, experiment.conditions())
        unavailable |= _refused(experiment.dataset, loaded, results)
        if tell is not None:
            for name, reason in unavailable.items():
                tell(f"{name} is left out: {reason}")
        fitting = [metric for metric in loaded if metric.name not in unavailable]
        if not fitting:
            asked = ", ".join(experiment.metrics)
            raise ConfigError(f"no metric is left that could be measured, of {asked}")
        _measure_missing(experiment, fitting, results, workers, report)
        return _summed_up(experiment, fitting, unavailable, results, workers)


def _refused(dataset: Dataset, metrics: Sequence[Metric], results: Results) -> dict[str, str]:
    """Returns the metrics that these pictures do not allow, said before any is coded."""
    reasons = refused_pictures(metrics, dataset)
    of_sets = [m for m in metrics if is_set_metric(m) and m.name not in reasons]
    _keep_features_of_originals(dataset, of_sets, results)
    for metric in of_sets:
        kept = [results.features(metric.features.name, p.name) for p in dataset.pictures]
        if reason := refused_set(metric, kept):
            reasons[metric.name] = reason
    return reasons


def _measure_missing(
    experiment: Experiment,
    metrics: Sequence[Metric],
    results: Results,
    workers: int,
    report: Report | None,
) -> None:
    names = [picture.name for picture in experiment.dataset.pictures]
    todo = []
    for task in tasks_of(experiment.points, len(names), experiment.captions):
        point, image = task.point, names[task.picture]
        if missing := results.missing(point.codec, point.setting, image, task.captions):
            todo.append(task._replace(captions=missing))
    work = partial(
        _work, dataset=experiment.dataset, metrics=tuple(metric.name for metric in metrics)
    )
    with closing(carry_out(todo, work, workers)) as outcomes:
        for done, (task, measured, error, _) in enumerate(outcomes, start=1):
            if measured is None:
                assert error is not None
                raise error
            _keep(task, measured, names[task.picture], results)
            if report is not None:
                report(done, len(todo), f"{task.point.codec} {names[task.picture]}")


def _summed_up(
    experiment: Experiment,
    loaded: Sequence[Metric],
    unavailable: Mapping[str, str],
    results: Results,
    workers: int,
) -> Summary:
    results.pass_over_unfinished(len(experiment.dataset.pictures))
    points = points_of(results, loaded) + published_points(experiment.published)
    summary = Summary(
        experiment=experiment.name,
        environment=environment() | {"workers": workers},
        dataset=results.conditions["data set"],
        codecs=results.conditions["codecs"],
        metrics={metric.name: MetricInfo.of(metric) for metric in loaded},
        unavailable={name: without_paths(reason) for name, reason in unavailable.items()},
        points=points,
        times=times_of(results.rows),
        caption_effects=caption_effects_of(points, results, loaded),
        bd_rates=bd_rates_of(points, results.rows, loaded, experiment.anchors),
    )
    summary.save(results.folder)
    return summary


def described(points: Sequence[CodecPoint]) -> dict[str, dict[str, Any]]:
    """Returns what each setting of each codec says of itself."""
    described: dict[str, dict[str, Any]] = {}
    for point in points:
        described.setdefault(point.codec, {})[point.setting] = point.describe()
    return described


def _keep_features_of_originals(
    dataset: Dataset, metrics: Sequence[SetMetric], results: Results
) -> None:
    for extractor in {m.features.name: m.features for m in metrics}.values():
        for k, picture in enumerate(dataset.pictures):
            path = results.features_path(extractor.name, picture.name)
            if not path.exists():
                save_features(path, extractor(dataset.image(k)))


def _keep(task: Task, measured: Measured, image: str, results: Results) -> None:
    """Puts features and file in place first, so that rows never lack them."""
    point = task.point
    for (extractor, captions), features in measured.features.items():
        series = point.codec, point.setting, captions
        save_features(results.features_path(extractor, image, *series), features)
    results.keep_file(point.codec, point.setting, image, measured.data)
    results.add(measured.rows)


def _work(task: Task, *, dataset: Dataset, metrics: tuple[str, ...]) -> Measured:
    return measure(task, dataset, *_tools(metrics))


@cache
def _tools(metrics: tuple[str, ...]) -> tuple[list[PictureMetric], list[FeatureExtractor]]:
    """Returns what a process measures with, loaded once."""
    keep_freed_memory()
    loaded, _ = load_metrics(metrics)
    extractors = {m.features.name: m.features for m in loaded if is_set_metric(m)}
    return [m for m in loaded if is_picture_metric(m)], list(extractors.values())
