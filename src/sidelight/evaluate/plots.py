"""Rate against each metric, and BD-rates, as figures; no state outside of them."""

import io
import itertools
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from sidelight.evaluate.statistics import Estimate
from sidelight.evaluate.summary import NO_CAPTION_READ, BDResult, SetEstimate, Summary
from sidelight.evaluate.tables import (
    TRAINED,
    TRAINED_NOTE,
    curves,
    metric_label,
    series_trained_on,
)
from sidelight.files import write_atomically

INK, PAPER_LINE = "#1b1b1f", "#d0d0d6"
"""Of text and of grids; nothing else has these colours, so a page may exchange them."""

# Okabe and Ito's colours, the yellow darkened; vermilion goes to the first codec that reads text
_COLOURS = (
    "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#8a6fc9", "#a89a00",
    "#8c8c94", "#9c5a3c",
)  # fmt: skip
_MARKERS = "osD^vP*X<>ph8d"
_LINES = ("-", "--", ":", "-.")
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": PAPER_LINE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9.5,
    "grid.color": PAPER_LINE,
    "grid.linewidth": 0.6,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
_RATES = (1.0, 2.0, 3.0, 5.0)


class Look(NamedTuple):
    """How a series is drawn in every plot of a summary."""

    colour: str
    """The codec's: its choices of captions share it."""
    marker: str
    line: str
    reads_text: bool


def looks(summary: Summary) -> dict[str, Look]:
    """Returns the look of each series."""
    colours: dict[str, str] = {}
    num_lines: dict[str, int] = {}
    found = {}
    for (series, points), marker in zip(
        curves(summary).items(), itertools.cycle(_MARKERS), strict=False
    ):
        codec = points[0].codec
        colours.setdefault(codec, _COLOURS[len(colours) % len(_COLOURS)])
        line = num_lines[codec] = num_lines.get(codec, -1) + 1
        reads_text = points[0].captions != NO_CAPTION_READ
        found[series] = Look(colours[codec], marker, _LINES[line % len(_LINES)], reads_text)
    return found


def draw_rate_curves(summary: Summary, metric: str) -> Figure:
    """Draws the metric over the rate: a line per series, bars for the intervals of its points.

    The rate has a logarithmic axis, as in a BD-rate. Series without the metric are left out.
    """
    info = summary.metrics[metric]
    trained = {s for s, metrics in series_trained_on(summary).items() if metric in metrics}
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.2, 5.0), layout="constrained")
        axes = figure.add_subplot()
        for series, look in looks(summary).items():
            points = [p for p in curves(summary)[series] if metric in p.metrics]
            if points:
                label = f"{series}{TRAINED}" if series in trained else series
                _draw_curve(axes, label, look, [(p.bpp.value, p.metrics[metric]) for p in points])
        better = "↑ higher" if info.higher_is_better else "↓ lower"
        axes.set_title(f"{info.label}  ({better} is better)", loc="left", fontsize="medium")
        note = f"\n{TRAINED_NOTE}" if trained else ""
        axes.set_xlabel(f"bits per pixel of the whole file (logarithmic){note}")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=_RATES))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(visible=True)
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_bd_rates(summary: Summary) -> Figure:
    """Draws a panel per metric and anchor: what each series takes of the anchor's rate.

    Bars are ratios on a logarithmic axis, so that half and double are equally long.
    """
    panels = list(dict.fromkeys((r.metric, r.anchor) for r in summary.bd_rates))
    tested = {r.series for r in summary.bd_rates}
    series = [s for s in curves(summary) if s in tested]
    across = min(2, max(1, len(panels)))
    down = max(1, math.ceil(len(panels) / across))
    size = (1.8 + 3.6 * across, down * (1.1 + 0.27 * max(1, len(series))))
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for (metric, anchor), axes in zip(panels, grid.flat, strict=False):
            results = {
                r.series: r for r in summary.bd_rates if (r.metric, r.anchor) == (metric, anchor)
            }
            _draw_bars(axes, [results.get(s) for s in series], looks(summary), series)
            axes.set_title(
                f"{metric_label(summary, metric)}\nagainst {anchor}", loc="left", fontsize="medium"
            )
            axes.tick_params(labelbottom=True)
        figure.supxlabel("rate at an equal metric (logarithmic; left is better)", fontsize="medium")
    return figure


def draw_all(summary: Summary) -> dict[str, Figure]:
    """Returns every plot by a name that is safe in file names."""
    measured = [m for m in summary.metrics if any(m in p.metrics for p in summary.points)]
    figures = {f"rate-{_plain(m)}": draw_rate_curves(summary, m) for m in measured}
    if any(result.rate for result in summary.bd_rates):
        figures["bd-rates"] = draw_bd_rates(summary)
    return figures


def save_plots(summary: Summary, folder: Path) -> list[Path]:
    """Writes each plot as PNG and SVG, and returns their paths."""
    paths = []
    for name, figure in draw_all(summary).items():
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=160)
        for suffix, data in (("png", png.getvalue()), ("svg", to_svg(figure, name).encode())):
            paths.append(folder / f"{name}.{suffix}")
            write_atomically(paths[-1], data)
    return paths


def to_svg(figure: Figure, name: str, *, transparent: bool = False) -> str:
    """Returns an ``svg`` element, the same for the same figure; its ids begin with ``name``."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context(_STYLE | {"svg.hashsalt": name}):
        figure.savefig(out, format="svg", transparent=transparent, metadata=nothing)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)


def _draw_curve(
    axes: Axes, series: str, look: Look, values: list[tuple[float, Estimate | SetEstimate]]
) -> None:
    rates, metric = [rate for rate, _ in values], [found.value for _, found in values]
    axes.plot(
        rates,
        metric,
        color=look.colour,
        label=series,
        linestyle=look.line,
        linewidth=2.4 if look.reads_text else 1.3,
        marker=look.marker,
        markersize=6 if look.reads_text else 4.5,
        markerfacecolor=look.colour if look.line == "-" else "none",
        zorder=3 if look.reads_text else 2,
    )
    for rate, found in values:
        if isinstance(found, Estimate) and found.low < found.high:
            ends = (found.low, found.high)
            axes.plot((rate, rate), ends, color=look.colour, alpha=0.3, linewidth=3, zorder=1)


def _draw_bars(
    axes: Axes, results: list[BDResult | None], looks: dict[str, Look], series: list[str]
) -> None:
    axes.set_xscale("log")
    axes.axvline(1, color=INK, linewidth=1)
    for k, (result, name) in enumerate(zip(results, series, strict=True)):
        rate = result.rate if result else None
        if rate is None:
            why = "no figure: see the table" if result else "the anchor"
            axes.text(1.03, k, why, va="center", fontsize="x-small")
            continue
        ratio, low, high = (1 + p / 100 for p in (rate.percent, rate.low, rate.high))
        axes.barh(k, ratio - 1, left=1, color=looks[name].colour, height=0.65)
        if math.isfinite(low):
            axes.plot((low, high), (k, k), color=INK, linewidth=1.2)
        axes.text(
            max(1, ratio, high) * 1.03 if math.isfinite(high) else max(1, ratio) * 1.03,
            k,
            f"{rate.percent:+.0f}%",
            va="center",
            fontsize="x-small",
        )
    axes.set_yticks(range(len(series)), series)
    axes.set_ylim(len(series) - 0.4, -0.6)
    axes.xaxis.set_major_locator(LogLocator(base=2))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda ratio, _: f"\N{MULTIPLICATION SIGN}{ratio:g}")
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.12)
    axes.grid(visible=True, axis="x")


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
