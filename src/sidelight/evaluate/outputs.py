"""Turns a measured experiment into what people read: tables, plots and one HTML report."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from sidelight.evaluate.codecs.protocol import CodecPoint, open_file
from sidelight.evaluate.codecs.published import RATE, PublishedCurve, write_curve
from sidelight.evaluate.names import file_name
from sidelight.evaluate.plots import save_plots
from sidelight.evaluate.report import Comparison, Version, write_report
from sidelight.evaluate.results import Results, Row
from sidelight.evaluate.run import Experiment
from sidelight.evaluate.summary import NO_CAPTION_READ, Point, Summary
from sidelight.evaluate.tables import curves, write_points

REPORT_FILE = "report.html"
_PLOTS_FOLDER, _CURVES_FOLDER = "plots", "curves"
_NUM_COMPARED = 3


def write_outputs(experiment: Experiment, summary: Summary, folder: Path) -> Path:
    """Writes ``points.csv``, ``curves/``, ``plots/`` and ``report.html``; returns the last one."""
    write_points(summary, folder)
    for series, points in curves(summary).items():
        path = folder / _CURVES_FOLDER / f"{file_name(series.replace(', ', '-'))}.json"
        path.parent.mkdir(exist_ok=True)
        write_curve(path, _published_form(summary, series, points))
    save_plots(summary, folder / _PLOTS_FOLDER)
    results = Results(folder)
    compared = [
        comparison_of(experiment, results, k) for k in _spread(len(experiment.dataset.pictures))
    ]
    write_report(summary, compared, folder / REPORT_FILE)
    return folder / REPORT_FILE


def comparison_of(experiment: Experiment, results: Results, picture: int) -> Comparison:
    """Returns one picture by every codec, at the settings nearest in rate to the first codec's.

    The first codec that reads text is shown at the middle of its settings, decoded anew from the
    kept files with each caption that it was measured with.
    """
    dataset = experiment.dataset
    name = dataset.pictures[picture].name
    rows: dict[tuple[str, str], list[Row]] = {}
    for row in results.rows:
        if row.image == name:
            rows.setdefault((row.codec, row.setting), []).append(row)

    def bpp(point: CodecPoint) -> float:
        return rows[point.codec, point.setting][0].bpp

    points = sorted(experiment.points, key=lambda point: not point.reads_text)
    first = [point for point in points if point.codec == points[0].codec]
    target = bpp(first[len(first) // 2])
    versions = []
    for codec in dict.fromkeys(point.codec for point in points):
        point = min(
            (point for point in points if point.codec == codec),
            key=lambda point: abs(bpp(point) - target),
        )
        data = results.read_file(point.codec, point.setting, name)
        decode = open_file(point, data)
        for row in rows[point.codec, point.setting]:
            text = "" if row.captions == NO_CAPTION_READ else dataset.given(picture, row.captions)
            label = ", ".join(
                part for part in (row.codec, row.setting, row.captions) if part != NO_CAPTION_READ
            )
            versions.append(Version(label, row.bpp, row.metrics, decode(text)))
    captions = dataset.pictures[picture].captions
    return Comparison(name, captions[0] if captions else "", dataset.image(picture), versions)


def _published_form(summary: Summary, series: str, points: Sequence[Point]) -> PublishedCurve:
    shared = [name for name in summary.metrics if all(name in p.metrics for p in points)]
    values = {name: [p.metrics[name].value for p in points] for name in shared}
    finite = {name: found for name, found in values.items() if all(map(math.isfinite, found))}
    return PublishedCurve(
        name=series,
        description=f"{summary.dataset['name']}, {summary.environment['command']}",
        results={RATE: [p.bpp.value for p in points]} | finite,
    )


def _spread(count: int) -> Iterable[int]:
    """Returns the places of a few pictures, evenly over all."""
    shown = min(_NUM_COMPARED, count)
    return (k * count // shown for k in range(shown))
