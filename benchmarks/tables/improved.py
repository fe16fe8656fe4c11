"""Tables of carriers: the same files as every viewer shows them, and improved by their captions."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from benchmarks.record import Record
from benchmarks.tables.evaluations import noted
from benchmarks.tables.markdown import markdown
from sidelight.evaluate import tables
from sidelight.evaluate.summary import Point, Summary

_SIGN = "+"
_DEFAULT = "default"
_DIGITS = {
    "psnr": "{:.2f}",
    "ms_ssim": "{:.4f}",
    "lpips": "{:.4f}",
    "lpips_vgg": "{:.4f}",
    "dists": "{:.4f}",
    "ssimulacra2": "{:.1f}",
    "butteraugli_3norm": "{:.2f}",
    "butteraugli_max": "{:.1f}",
    "fd_effnet": "{:.1f}",
    "ipd_effnet": "{:.2f}",
}
"""The metrics that these tables show, in this order, where a record has them."""


def at_equal_bytes(record: Record) -> str:
    """Returns for each setting of each carrier a row plain and one per place of the dial.

    Improved rows are those with the right caption.
    """
    summary = Summary.from_dict(record)
    shown = [name for name in _DIGITS if name in summary.metrics]
    trained = {name for point in summary.points for name in summary.trained_on(point.codec)}
    labels = [_label(summary, name, trained) for name in shown]
    rows = [
        f"{_file(plain)} | {plain.bpp.value:.3f} | {_seen(point)} | {_values(point, shown)}"
        for plain, points in _same_files(summary)
        for point in points
    ]
    return noted(markdown(f"file | bpp | decoded | {' | '.join(labels)}", rows))


def in_short(record: Record) -> str:
    """Returns a row per file, plain and at the dial's default, and the bits that this is worth.

    In a cell the plain value stands before the improved one; the better of the two is bold.
    """
    summary = Summary.from_dict(record)
    shown = [name for name in _DIGITS if name in summary.metrics]
    trained = {name for point in summary.points for name in summary.trained_on(point.codec)}
    labels = [_label(summary, name, trained) for name in shown]
    rows = []
    for plain, points in _same_files(summary):
        (improved,) = (point for point in points if _seen(point) == _DEFAULT)
        cells = [_pair(summary, plain, improved, name) for name in shown]
        rows.append(f"{plain.bpp.value:.3f} | {' | '.join(cells)}")
    rates = {
        result.metric: result.rate
        for result in summary.bd_rates
        if result.rate is not None and result.series == f"{result.anchor}{_SIGN}, right"
    }
    bits = [f"{rates[name].percent:+.1f} %" if name in rates else "" for name in shown]
    rows.append(f"bits for equal quality | {' | '.join(bits)}")
    return noted(markdown(f"bpp | {' | '.join(labels)}", rows))


def changes_by_captions(record: Record) -> str:
    """Returns what each kind of caption changes against none, with intervals over pictures."""
    summary = Summary.from_dict(record)
    shown = [name for name in _DIGITS if name in summary.metrics]
    effects = {
        (effect.codec, effect.setting, effect.captions, effect.metric): effect.change
        for effect in summary.caption_effects
    }
    keys = dict.fromkeys((codec, setting, given) for codec, setting, given, _ in effects)
    rows = []
    for codec, setting, given in keys:
        cells = []
        for name in shown:
            change = effects.get((codec, setting, given, name))
            form = _DIGITS[name].replace(":", ":+")
            cells.append(
                ""
                if change is None
                else f"{form.format(change.value)} ({form.format(change.low)} to "
                f"{form.format(change.high)})"
            )
        rows.append(f"{codec}, {setting} | {given} | {' | '.join(cells)}")
    labels = " | ".join(_label(summary, name, set()) for name in shown)
    return markdown(f"file | caption against none | {labels}", rows)


def bits_at_equal_quality(record: Record) -> str:
    """Returns the bits of improved files beyond plain ones, with the right caption.

    Against their own codec, and against those that are not improved here.
    """
    summary = Summary.from_dict(record)
    codecs = {point.codec for point in summary.points}
    improved = {_plain(codec) for codec in codecs if _SIGN in codec}
    others = {codec for codec in codecs if _SIGN not in codec} - improved
    shown = replace(
        summary,
        bd_rates=[
            result
            for result in summary.bd_rates
            if result.rate is not None
            and _SIGN in result.series
            and result.anchor in {_plain(result.series), *others}
            and result.series.endswith(", right")
            and result.metric in _DIGITS
        ],
    )
    return tables.to_markdown(tables.bd_table(shown)).strip()


def _plain(codec: str) -> str:
    """Returns the codec of an improved one's files."""
    return codec.partition(_SIGN)[0]


def _same_files(summary: Summary) -> Iterator[tuple[Point, list[Point]]]:
    """Yields each plain point, and with it all decodes of its files: plain first."""
    for plain in summary.points:
        improved = [
            point
            for point in summary.points
            if point.codec.startswith(f"{plain.codec}{_SIGN}")
            and point.setting == plain.setting
            and point.captions == "right"
        ]
        if improved:
            yield plain, [plain, *improved]


def _file(point: Point) -> str:
    return f"{point.codec}, {point.setting}"


def _seen(point: Point) -> str:
    _, sign, place = point.codec.partition(_SIGN)
    if not sign:
        return "plain"
    return f"realism {place}" if place else _DEFAULT


def _values(point: Point, names: Sequence[str]) -> str:
    metrics = point.metrics
    return " | ".join(
        _DIGITS[name].format(metrics[name].value) if name in metrics else "" for name in names
    )


def _pair(summary: Summary, plain: Point, improved: Point, name: str) -> str:
    values = [point.metrics[name].value for point in (plain, improved)]
    cells = [_DIGITS[name].format(value) for value in values]
    if cells[0] != cells[1]:
        improves = (values[1] > values[0]) == summary.metrics[name].higher_is_better
        cells[improves] = f"**{cells[improves]}**"
    return " → ".join(cells)


def _label(summary: Summary, name: str, trained: Set[str]) -> str:
    info = summary.metrics[name]
    mark = tables.TRAINED if name in trained else ""
    return f"{info.label}{mark} {'↑' if info.higher_is_better else '↓'}"
