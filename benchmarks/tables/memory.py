"""Tables and the plot of what large pictures take, over their pixels."""

from typing import Any

from benchmarks.record import Record
from benchmarks.tables.markdown import markdown, number

_GIB = 2**30
_TITLES = {"slt": ".slt", "avif": "AVIF", "jpg": "JPEG", "webp": "WebP"}
_COLOURS = {"slt": "#d55e00", "avif": "#0072b2", "jpg": "#009e73", "webp": "#cc79a7"}
_LINES = {"encode": ("-", "o"), "decode": ("--", "s")}


def peaks(record: Record) -> str:
    """Returns the peak memory of each command, a column for each size."""
    limit = record["conditions"]["limit_bytes"] / _GIB
    lines = []
    for title, rows in _series(record).items():
        found = {row["megapixels"]: row["peak_bytes"] / _GIB for row in rows}
        within = "yes" if max(found.values()) <= limit else "no"
        lines.append(" | ".join((title, *_cells(record, found), within)))
    return markdown(f"peak GiB | {_sizes(record)} | within {limit:g} GiB", lines)


def times(record: Record) -> str:
    """Returns the seconds per megapixel of each command: where time is linear, they fall."""
    lines = []
    for title, rows in _series(record).items():
        found = {row["megapixels"]: row["wall_s"] / _megapixels(row) for row in rows}
        lines.append(" | ".join((title, *_cells(record, found))))
    return markdown(f"s per megapixel | {_sizes(record)}", lines)


def middles(record: Record) -> str:
    """Returns SSIMULACRA2 of the middle of each decoded picture; of a carrier's, plain before."""
    lines = []
    for title, rows in _series(record).items():
        found = {row["megapixels"]: row for row in rows if "ssimulacra2_default" in row}
        if found:
            cells = [_middle(found.get(size)) for size in _sizes_of(record)]
            lines.append(" | ".join((title, *cells)))
    return markdown(f"SSIMULACRA2 of the middle | {_sizes(record)}", lines)


def _middle(row: Record | None) -> str:
    if row is None:
        return ""
    decoded = f"{row['ssimulacra2_default']:.1f}"
    return f"{row['ssimulacra2_plain']:.1f} → {decoded}" if "ssimulacra2_plain" in row else decoded


def plot(record: Record) -> Any:
    """Draws peak memory and seconds over megapixels, with the limit."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from sidelight.evaluate.plots import INK, PAPER_LINE

    style: dict[Any, Any] = {
        "axes.edgecolor": PAPER_LINE,
        "axes.labelcolor": INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "grid.color": PAPER_LINE,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(8.4, 4.2), layout="constrained")
        memory, time = figure.subplots(1, 2)
        for title, rows in _series(record).items():
            line, marker = _LINES[rows[0]["command"]]
            look: dict[str, Any] = {
                "color": _COLOURS[rows[0]["format"]],
                "linestyle": line,
                "marker": marker,
                "markersize": 4,
            }
            sizes = [_megapixels(row) for row in rows]
            memory.plot(sizes, [row["peak_bytes"] / _GIB for row in rows], label=title, **look)
            time.plot(sizes, [row["wall_s"] for row in rows], **look)
        memory.axhline(record["conditions"]["limit_bytes"] / _GIB, color=INK, linewidth=1)
        memory.set_title("peak memory, GiB (line: the limit)", loc="left", fontsize="medium")
        time.set_title("time, s", loc="left", fontsize="medium")
        for axes in (memory, time):
            axes.set_xlabel("megapixels")
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
            axes.grid(visible=True)
        figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure


def _series(record: Record) -> dict[str, list[Record]]:
    """Returns the rows of each format and command, by their title."""
    series: dict[str, list[Record]] = {}
    for row in record["rows"]:
        series.setdefault(f"{_TITLES[row['format']]}, {row['command']}", []).append(row)
    return series


def _megapixels(row: Record) -> float:
    return float(row["width"] * row["height"] / 1e6)


def _cells(record: Record, found: dict[float, float]) -> list[str]:
    """Returns a cell for each size; of one that was not measured, an empty one."""
    return [number(found.get(size), "{:.2f}") for size in _sizes_of(record)]


def _sizes(record: Record) -> str:
    return " | ".join(f"{size:g} Mpx" for size in _sizes_of(record))


def _sizes_of(record: Record) -> list[float]:
    return list(dict.fromkeys(row["megapixels"] for row in record["rows"]))
