"""Tables of a summary: one set of rows for CSV, Markdown and the report; empty cells say why."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sidelight.evaluate.statistics import Estimate
from sidelight.evaluate.summary import NO_CAPTION_READ, BDResult, Point, SetEstimate, Summary
from sidelight.files import write_atomically

POINTS_FILE = "points.csv"
EMPTY = "\N{EN DASH}"
TRAINED = "\N{DAGGER}"
TRAINED_NOTE = f"{TRAINED} the weights were trained on this metric"
_NOT_MEASURED = "not measured at this point"
_NOT_COMPARED = "not compared"
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with what a reader sees of it; ``value`` is None where there is none."""

    value: float | str | None
    text: str
    detail: str = ""
    """An interval or a count, shown smaller."""
    extra: dict[str, float] = field(default_factory=dict)
    """Further columns of the CSV, by suffix."""
    reason: str = ""
    """Why there is no value."""
    trained: bool = False
    """Whether weights behind the value were trained on its metric."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with one cell per column; columns are (name in the CSV, label for readers)."""

    columns: list[tuple[str, str]]
    rows: list[list[Cell]]

    def is_number(self, column: int) -> bool:
        """Whether the column holds numbers, or nothing."""
        return not any(isinstance(row[column].value, str) for row in self.rows)

    def any_trained(self) -> bool:
        """Whether a cell is marked, which then needs ``TRAINED_NOTE``."""
        return any(cell.trained for row in self.rows for cell in row)

    def reasons(self) -> list[str]:
        """Returns why cells are empty, each reason once, in the order of the cells."""
        return list(dict.fromkeys(cell.reason for row in self.rows for cell in row if cell.reason))


def curves(summary: Summary) -> dict[str, list[Point]]:
    """Returns the points of each series by rising rate; codecs that read captions come first."""
    found: dict[str, list[Point]] = {}
    for point in sorted(summary.points, key=lambda p: p.captions == NO_CAPTION_READ):
        found.setdefault(point.series, []).append(point)
    return {series: sorted(points, key=lambda p: p.bpp.value) for series, points in found.items()}


def metric_label(summary: Summary, metric: str) -> str:
    """Returns a metric's name for readers, its key where the summary has none."""
    return summary.metrics[metric].label if metric in summary.metrics else metric


def series_trained_on(summary: Summary) -> dict[str, set[str]]:
    """Returns by series the metrics that its weights were trained on."""
    return {s: summary.trained_on(points[0].codec) for s, points in curves(summary).items()}


def points_table(summary: Summary) -> Table:
    """Returns a row per point: rates, metrics with their intervals."""
    points = [point for series in curves(summary).values() for point in series]
    columns = {
        "codec": ("codec", [_word(p.codec) for p in points]),
        "setting": ("setting", [_word(p.setting) for p in points]),
        "captions": ("caption", [_word(p.captions) for p in points]),
        "bpp": ("bpp", _column(p.bpp for p in points)),
        "bpp_with_captions": ("bpp with caption", _column(p.bpp_with_captions for p in points)),
    }
    for name, info in summary.metrics.items():
        missing = summary.unavailable.get(name, _NOT_MEASURED)
        cells = _column((p.metrics.get(name) for p in points), missing)
        trained = [name in summary.trained_on(p.codec, p.setting) for p in points]
        columns[name] = (_directed(info.label, info.higher_is_better), _marked(cells, trained))
    columns |= {
        "num_pictures": ("pictures", [Cell(p.num_pictures, str(p.num_pictures)) for p in points]),
    }
    return _from_columns(columns)


def times_table(summary: Summary) -> Table:
    """Returns a row per codec and setting: seconds for a picture, and in the whole run."""
    times = summary.times
    return _from_columns(
        {
            "codec": ("codec", [_word(t.codec) for t in times]),
            "setting": ("setting", [_word(t.setting) for t in times]),
            "encode_s": ("encode a picture, s", _column(t.encode_s for t in times)),
            "decode_s": ("decode a picture, s", _column(t.decode_s for t in times)),
            "total_s": ("all coding of the run, s", _column(t.total_s for t in times)),
        }
    )


def captions_table(summary: Summary) -> Table:
    """Returns what captions change against none, a row per setting and choice of captions."""
    rows: dict[tuple[str, str, str], dict[str, Estimate]] = {}
    for effect in summary.caption_effects:
        row = rows.setdefault((effect.codec, effect.captions, effect.setting), {})
        row[effect.metric] = effect.change
    columns = {
        name: (name if name != "captions" else "caption", [_word(key[k]) for key in rows])
        for k, name in enumerate(("codec", "captions", "setting"))
    }
    for name in dict.fromkeys(effect.metric for effect in summary.caption_effects):
        info = summary.metrics[name]
        changes = (row.get(name) for row in rows.values())
        cells = _column(changes, _NOT_MEASURED, signed=True)
        trained = [name in summary.trained_on(codec, setting) for codec, _, setting in rows]
        columns[name] = (_directed(info.label, info.higher_is_better), _marked(cells, trained))
    return _from_columns(columns)


def bd_table(summary: Summary) -> Table:
    """Returns a row per BD-rate with its cross-checks, or the reason why there is none."""
    rows, trained = [], series_trained_on(summary)
    for result in summary.bd_rates:
        names = (metric_label(summary, result.metric), result.anchor, result.series)
        percent, *rest = _bd_cells(result)
        percent = _marked([percent], [_is_trained(result, trained)])[0]
        rows.append([*(_word(name) for name in names), percent, *rest])
    return Table(
        [
            ("metric", "metric"),
            ("anchor", "against"),
            ("series", "series"),
            ("percent", "BD-rate"),
            ("percent_akima", "by Akima"),
            ("percent_log", "over ln(metric)"),
            ("overlap", "common range"),
        ],
        rows,
    )


def bd_matrices(summary: Summary) -> dict[str, Table]:
    """Returns for each anchor its BD-rates, a row per series and a column per metric."""
    matrices, trained = {}, series_trained_on(summary)
    for anchor in dict.fromkeys(result.anchor for result in summary.bd_rates):
        results = {(r.series, r.metric): r for r in summary.bd_rates if r.anchor == anchor}
        metrics = list(dict.fromkeys(metric for _, metric in results))
        found = {series for series, _ in results}
        series = [*(s for s in curves(summary) if s in found)]
        series += sorted(found.difference(series))
        columns = {"series": ("series", [_word(s) for s in series])}
        for metric in metrics:
            found_here = [results.get((s, metric)) for s in series]
            cells = [_bd_cell(result) for result in found_here]
            marks = [r is not None and _is_trained(r, trained) for r in found_here]
            columns[metric] = (metric_label(summary, metric), _marked(cells, marks))
        matrices[anchor] = _from_columns(columns)
    return matrices


def to_csv(table: Table) -> str:
    """Returns full precision; parts of a value as further columns.

    The last two hold the columns whose metrics the weights were trained on, and reasons.
    """
    names, header = [name for name, _ in table.columns], []
    for k, name in enumerate(names):
        suffixes = dict.fromkeys(suffix for row in table.rows for suffix in row[k].extra)
        header += [(k, name, ""), *((k, f"{name}_{suffix}", suffix) for suffix in suffixes)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(name for _, name, _ in header), "trained_on", "empty_because"])
    for row in table.rows:
        values = [row[k].extra.get(suffix) if suffix else row[k].value for k, _, suffix in header]
        reasons = [f"{n}: {c.reason}" for n, c in zip(names, row, strict=True) if c.reason]
        trained = "; ".join(n for n, c in zip(names, row, strict=True) if c.trained)
        writer.writerow([*("" if v is None else v for v in values), trained, "; ".join(reasons)])
    return out.getvalue()


def to_markdown(table: Table) -> str:
    """Returns the table, and below it why cells are empty and what marks mean."""
    reasons = table.reasons()
    lines = [[label for _, label in table.columns], ["---"] * len(table.columns)]
    lines += [[_shown(cell, reasons) for cell in row] for row in table.rows]
    text = "".join(f"| {' | '.join(_escaped(cell) for cell in line)} |\n" for line in lines)
    notes = "".join(f"\n({k}) {_escaped(reason)}\n" for k, reason in enumerate(reasons, 1))
    return text + notes + (f"\n{TRAINED_NOTE}\n" if table.any_trained() else "")


def write_points(summary: Summary, folder: Path) -> None:
    """Writes ``points.csv``."""
    write_atomically(folder / POINTS_FILE, to_csv(points_table(summary)).encode())


def _from_columns(columns: dict[str, tuple[str, list[Cell]]]) -> Table:
    labels = [(name, label) for name, (label, _) in columns.items()]
    rows = zip(*(cells for _, cells in columns.values()), strict=True)
    return Table(labels, [list(row) for row in rows])


def _column(
    values: Iterable[float | Estimate | SetEstimate | None],
    missing: str = "",
    *,
    signed: bool = False,
) -> list[Cell]:
    """Returns cells that all have the decimals which the largest value needs."""
    values = list(values)
    sizes = [abs(_bare(v)) for v in values if v is not None and math.isfinite(_bare(v))]
    largest = max(sizes, default=0.0)
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(largest))) if largest else 0
    form = f"{'+' if signed else ''}.{decimals}f"
    return [_empty(missing) if value is None else _number(value, form) for value in values]


def _number(value: float | Estimate | SetEstimate, form: str) -> Cell:
    match value:
        case Estimate(mean, low, high) if low < high:
            detail = f"{_text(low, form)} to {_text(high, form)}"
            return Cell(mean, _text(mean, form), detail, {"low": low, "high": high})
        case SetEstimate(mean, count):
            detail = f"n={count}"
            extra: dict[str, float] = {"count": count}
            if value.std is not None:
                detail, extra["std"] = f"±{value.std:.2g}, {detail}", value.std
            return Cell(mean, _text(mean, form), detail, extra)
    return Cell(_bare(value), _text(_bare(value), form))


def _text(value: float, form: str) -> str:
    return format(value, form).replace("-", "\N{MINUS SIGN}")


def _bare(value: float | Estimate | SetEstimate) -> float:
    return value if isinstance(value, float | int) else value.value


def _word(text: str) -> Cell:
    return Cell(text, text)


def _bd_cells(result: BDResult) -> list[Cell]:
    rate = result.rate
    if rate is None:
        return [_empty(result.reason or _NOT_COMPARED)] * 4
    by_log = rate.percent_log
    return [
        _bd_cell(result),
        _percent(rate.percent_akima),
        _empty("only where lower is better") if by_log is None else _percent(by_log),
        Cell(rate.overlap, f"{rate.overlap:.0%}"),
    ]


def _bd_cell(result: BDResult | None) -> Cell:
    if result is None or result.rate is None:
        return _empty((result.reason if result else "") or _NOT_COMPARED)
    rate = result.rate
    if not math.isfinite(rate.low):
        return _percent(rate.percent)
    extra = {"low": rate.low, "high": rate.high}
    detail = f"{_text(rate.low, '+.1f')} to {_text(rate.high, '+.1f')}"
    return Cell(rate.percent, _percent(rate.percent).text, detail, extra)


def _percent(value: float) -> Cell:
    return Cell(value, _text(value, "+.1f") + "%")


def _empty(reason: str) -> Cell:
    return Cell(None, EMPTY, reason=reason)


def _directed(label: str, higher_is_better: bool) -> str:
    return f"{label}\N{NO-BREAK SPACE}{'↑' if higher_is_better else '↓'}"


def _is_trained(result: BDResult, trained: Mapping[str, set[str]]) -> bool:
    """Whether one of the two codecs was trained on the metric in which they are compared."""
    return any(result.metric in trained.get(s, ()) for s in (result.series, result.anchor))


def _marked(cells: Sequence[Cell], trained: Iterable[bool]) -> list[Cell]:
    """Returns the cells with marks where they hold a value."""
    pairs = zip(cells, trained, strict=True)
    return [replace(c, trained=marked and c.value is not None) for c, marked in pairs]


def _shown(cell: Cell, reasons: list[str]) -> str:
    if cell.reason:
        return f"{cell.text} ({reasons.index(cell.reason) + 1})"
    text = f"{cell.text}{TRAINED}" if cell.trained else cell.text
    return f"{text} ({cell.detail})" if cell.detail else text


def _escaped(text: str) -> str:
    text = " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
    return text.replace("&", "&amp;").replace("<", "&lt;")
