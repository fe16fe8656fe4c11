"""From rows of pictures to points of curves, and from two curves to a BD-rate."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from statistics import fmean

import numpy as np

from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.published import RATE, PublishedCurve
from sidelight.evaluate.dataset import GIVEN
from sidelight.evaluate.results import Results, Row
from sidelight.evaluate.statistics import (
    Curve,
    Estimate,
    bd_rate,
    bd_rate_of_means,
    draws,
    interval,
)
from sidelight.evaluate.statistics import mean_with_interval as mean
from sidelight.evaluate.summary import (
    NO_CAPTION_READ,
    BDResult,
    CaptionEffect,
    CodingTime,
    Point,
    SetEstimate,
)
from sidelight.metrics.distribution import FrechetDistance
from sidelight.metrics.protocol import Metric, SetMetric, is_set_metric

_SET_DRAWS = 200
_MOST_ROWS_DRAWN = 300
"""Kodak has 192; a draw takes as long as the cube of them."""


def points_of(results: Results, metrics: Sequence[Metric]) -> list[Point]:
    """Returns one point for each codec, setting and choice of captions, in that order of rows."""
    return [_point(rows, results, metrics) for rows in _by_point(results.rows).values()]


def published_points(curves: Iterable[PublishedCurve]) -> list[Point]:
    """Returns the points of curves of which only means are known."""
    return [
        Point(
            codec=curve.name,
            setting=f"point {k + 1}",
            captions=NO_CAPTION_READ,
            num_pictures=0,
            bpp=Estimate(bpp, bpp, bpp),
            bpp_with_captions=bpp,
            metrics={
                name: Estimate(values[k], values[k], values[k])
                for name, values in curve.results.items()
                if name != RATE
            },
        )
        for curve in curves
        for k, bpp in enumerate(curve.results[RATE])
    ]


def times_of(rows: Iterable[Row]) -> list[CodingTime]:
    """Returns what each codec took at each setting, in the order of ``points_of``."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for (codec, setting, _), members in _by_point(rows).items():
        groups.setdefault((codec, setting), []).extend(members)
    times = []
    for (codec, setting), members in groups.items():
        encoding = {row.image: row.encode_s for row in members}.values()  # once for all captions
        decoding = [row.decode_s for row in members]
        total_s = sum(encoding) + sum(decoding)
        times.append(CodingTime(codec, setting, fmean(encoding), fmean(decoding), total_s))
    return times


def caption_effects_of(
    points: Iterable[Point], results: Results, metrics: Sequence[Metric]
) -> list[CaptionEffect]:
    """Returns the difference to decoding the same files without a caption.

    Metrics of pictures have an interval over pairs; so have Frechet distances of few rows, by
    drawing whole pictures. Other metrics of sets have the difference alone: KID would count a
    picture that is drawn twice as its own neighbour, and none of them is quick to draw.
    """
    groups = _by_point(results.rows)
    values = {(p.codec, p.setting, p.captions): p.metrics for p in points}
    of_sets = {metric.name: metric for metric in metrics if is_set_metric(metric)}

    @cache
    def drawn(name: str, point: tuple[str, str, str]) -> np.ndarray:
        return _drawn(of_sets[name], groups[point], results)

    effects = []
    for (codec, setting, captions), members in groups.items():
        without = groups.get((codec, setting, "none"))
        if captions == "none" or without is None:
            continue
        pairs = list(zip(members, without, strict=True))
        for metric in metrics:
            ends_known = (values[codec, setting, c] for c in (captions, "none"))
            if not all(metric.name in known for known in ends_known):
                continue  # as where it could not be computed when these were measured
            if metric.name in of_sets:
                series = (codec, setting, captions), (codec, setting, "none")
                given, none = (values[s][metric.name].value for s in series)
                ends = interval(np.subtract(*(drawn(metric.name, s) for s in series)))
                change = Estimate(given - none, *ends)
            else:
                change = mean([a.metrics[metric.name] - b.metrics[metric.name] for a, b in pairs])
            effects.append(CaptionEffect(codec, setting, captions, metric.name, change))
    return effects


def bd_rates_of(
    points: Sequence[Point], rows: Sequence[Row], metrics: Sequence[Metric], anchors: Iterable[str]
) -> list[BDResult]:
    """Returns every series against each anchor, in every metric.

    Args:
        points: Of all series.
        rows: What they were made of, for intervals over pictures.
        metrics: Those to compare in.
        anchors: Series, as ``Point.series`` names them.
    """
    series = list(dict.fromkeys(point.series for point in points))
    groups = _by_point(rows)
    return [
        _bd_rate(metric, anchor, name, points, groups)
        for anchor in anchors
        for metric in metrics
        for name in series
        if name != anchor
    ]


def _by_point(rows: Iterable[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """Returns the rows of each codec, setting and captions by picture; points by rising rate."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault(row.point, []).append(row)
    for members in groups.values():
        members.sort(key=lambda row: row.image)
    ordered = sorted(groups, key=lambda k: (k[0], _rank(k[2]), _mean_bpp(groups[k])))
    return {key: groups[key] for key in ordered}


def _rank(captions: str) -> tuple[int, str]:
    """Returns the place of a choice of captions: the picture's numbered ones come first."""
    known = list(GIVEN)
    return (known.index(captions) if captions in known else -1, captions)


def _mean_bpp(rows: Sequence[Row]) -> float:
    return float(np.mean([row.bpp for row in rows]))


def _point(rows: Sequence[Row], results: Results, metrics: Sequence[Metric]) -> Point:
    first = rows[0]
    values: dict[str, Estimate | SetEstimate] = {}
    for metric in metrics:
        if is_set_metric(metric):
            if _has_features(metric, rows, results):
                values[metric.name] = _set_value(metric, rows, results)
        elif all(metric.name in row.metrics for row in rows):
            values[metric.name] = mean([row.metrics[metric.name] for row in rows])
    return Point(
        codec=first.codec,
        setting=first.setting,
        captions=first.captions,
        num_pictures=len(rows),
        bpp=mean([row.bpp for row in rows]),
        bpp_with_captions=float(np.mean([row.bpp_with_caption for row in rows])),
        metrics=values,
    )


def _set_value(metric: SetMetric, rows: Sequence[Row], results: Results) -> SetEstimate:
    originals, decoded = (np.concatenate(kept) for kept in _features(metric, rows, results))
    return SetEstimate(*metric(originals, decoded))


def _drawn(metric: SetMetric, rows: Sequence[Row], results: Results) -> np.ndarray:
    """Returns the values of sets of pictures drawn with repetition; none where that takes long."""
    if not isinstance(metric, FrechetDistance):
        return np.zeros(0)
    kept = _features(metric, rows, results)
    if sum(map(len, kept[0])) > _MOST_ROWS_DRAWN:
        return np.zeros(0)
    return np.array(
        [
            metric(*(np.concatenate([of_one[k] for k in pictures]) for of_one in kept)).value
            for pictures in draws(len(rows), _SET_DRAWS)
        ]
    )


def _has_features(metric: SetMetric, rows: Sequence[Row], results: Results) -> bool:
    """Returns whether features were kept, as they are not where the metric could not run then."""
    extractor, point = metric.features.name, rows[0].point
    return all(results.features_path(extractor, row.image, *point).exists() for row in rows)


def _features(
    metric: SetMetric, rows: Sequence[Row], results: Results
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Returns the features of each original, and of each decoded picture."""
    extractor = metric.features.name
    originals, decoded = (
        [results.features(extractor, row.image, *series) for row in rows]
        for series in ((), rows[0].point)
    )
    return originals, decoded


def _bd_rate(
    metric: Metric,
    anchor: str,
    tested: str,
    points: Sequence[Point],
    groups: Mapping[tuple[str, str, str], Sequence[Row]],
) -> BDResult:
    up = metric.higher_is_better
    measured = all(_of_series(points, name)[0].num_pictures for name in (anchor, tested))
    try:
        if is_set_metric(metric) or not measured:
            rate = bd_rate_of_means(
                _means(points, anchor, metric.name),
                _means(points, tested, metric.name),
                higher_is_better=up,
            )
        else:
            curves = []
            for series in (anchor, tested):
                members = [p for p in _of_series(points, series) if metric.name in p.metrics]
                tables = [groups[p.codec, p.setting, p.captions] for p in members]
                curves.append(_curve(tables, metric.name))
            rate = bd_rate(*curves, higher_is_better=up)
    except ConfigError as error:
        return BDResult(metric.name, anchor, tested, None, str(error))
    return BDResult(metric.name, anchor, tested, rate)


def _means(points: Sequence[Point], series: str, metric: str) -> list[tuple[float, float]]:
    return [
        (p.bpp.value, p.metrics[metric].value)
        for p in _of_series(points, series)
        if metric in p.metrics
    ]


def _of_series(points: Sequence[Point], series: str) -> list[Point]:
    return [point for point in points if point.series == series]


def _curve(tables: Sequence[Sequence[Row]], metric: str) -> Curve:
    return Curve(
        np.array([[row.bpp for row in table] for table in tables]),
        np.array([[row.metrics[metric] for row in table] for table in tables]),
    )
