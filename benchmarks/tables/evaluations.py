"""Tables of what ``sidelight evaluate`` found."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.record import Record
from benchmarks.tables.markdown import markdown, number
from sidelight.evaluate import tables
from sidelight.evaluate.summary import NO_CAPTION_READ, BDResult, Summary

_CAPTIONS = ("right", "none", "wrong")
_SHOWN = {
    "psnr": ("PSNR dB", "{:.2f}"),
    "ms_ssim": ("MS-SSIM", "{:.4f}"),
    "lpips": ("LPIPS", "{:.4f}"),
    "dists": ("DISTS", "{:.4f}"),
    "ssimulacra2": ("SSIMULACRA2", "{:.1f}"),
    "butteraugli_3norm": ("Butteraugli", "{:.2f}"),
}
"""What the README's table names a metric, and its digits; a record may lack some."""
_METRICS = (
    "psnr",
    "lpips",
    "lpips_vgg",
    "dists",
    "ssimulacra2",
    "butteraugli_3norm",
    "fd_effnet",
    "ipd_effnet",
)
"""Those that tell codecs and captions apart; a record may lack some."""
_RIGHT, *_LESS_TOLD = (f"sidelight, {caption}" for caption in _CAPTIONS)


def kodak_rd(record: Record) -> str:
    """Returns rate and metrics of each quality with each caption, and VVC's LPIPS at the rate."""
    summary = Summary.from_dict(record)
    curves = tables.curves(summary)
    shown = {name: look for name, look in _SHOWN.items() if name in curves["vvc"][0].metrics}
    vvc = [(point.bpp.value, point.metrics["lpips"].value) for point in curves["vvc"]]
    rows = []
    for points in zip(*(curves[f"sidelight, {c}"] for c in _CAPTIONS), strict=True):
        bpp = points[0].bpp.value
        values = (
            " / ".join(form.format(point.metrics[name].value) for point in points)
            for name, (_, form) in shown.items()
        )
        quality = points[0].setting.removeprefix("quality=")
        of_vvc = number(at_rate(bpp, vvc), "{:.4f}")
        rows.append(f"{quality} | {bpp:.3f} | {' | '.join(values)} | {of_vvc}")
    labels = " | ".join(
        f"{label}{_mark(summary, 'sidelight', name)}: {' / '.join(_CAPTIONS)}"
        for name, (label, _) in shown.items()
    )
    return noted(markdown(f"quality | bpp | {labels} | VVC's LPIPS at this rate", rows))


def _mark(summary: Summary, codec: str, metric: str) -> str:
    """Returns what marks a metric that the codec's weights were trained on."""
    return tables.TRAINED if metric in summary.trained_on(codec) else ""


def noted(table: str) -> str:
    """Returns the table, and below it what its marks mean."""
    return f"{table}\n\n{tables.TRAINED_NOTE}" if tables.TRAINED in table else table


def at_rate(bpp: float, curve: Sequence[tuple[float, float]]) -> float | None:
    """Returns a metric at a rate, linear in log bpp between (bpp, metric); None beyond them."""
    rates, values = zip(*curve, strict=True)
    if not rates[0] <= bpp <= rates[-1]:
        return None
    return float(np.interp(np.log(bpp), np.log(rates), values))


def equal_lpips(record: Record) -> str:
    """Returns a row per anchor: the bits of ours beyond its own at equal LPIPS."""
    matrices = tables.bd_matrices(
        _with_bd_rates(record, lambda r: _is_ours(r) and r.metric == "lpips")
    )
    series = [row[0].text for row in next(iter(matrices.values())).rows]
    rows = [
        [tables.Cell(anchor, anchor), *(cell for _, cell in matrix.rows)]
        for anchor, matrix in matrices.items()
    ]
    table = tables.Table([("anchor", "against"), *((name, name) for name in series)], rows)
    return tables.to_markdown(table).strip()


def bd_rates_of_all(record: Record) -> str:
    """Returns for each anchor the BD-rates of every codec: a row per series."""
    matrices = tables.bd_matrices(_with_bd_rates(record, lambda r: r.metric in _METRICS))
    return "\n\n".join(
        f"Against `{anchor}`:\n\n{tables.to_markdown(matrix).strip()}"
        for anchor, matrix in matrices.items()
    )


def bd_rates(record: Record) -> str:
    """Returns ours against each anchor, in the metrics that tell codecs apart."""
    shown = _with_bd_rates(record, lambda r: _is_ours(r) and r.metric in _METRICS)
    return tables.to_markdown(tables.bd_table(shown)).strip()


def text_worth(record: Record) -> str:
    """Returns the bits beyond those with the right caption, without one and with a wrong one."""
    shown = _with_bd_rates(
        record,
        lambda r: r.anchor == _RIGHT and r.series in _LESS_TOLD and r.metric in _METRICS,
    )
    return tables.to_markdown(tables.bd_table(shown)).strip()


def _is_ours(result: BDResult) -> bool:
    """Whether it is ours, with one of the three kinds of captions, against another codec."""
    ours = (_RIGHT, *_LESS_TOLD)
    return result.series in ours and result.anchor not in ours


def _with_bd_rates(record: Record, keep: Callable[[BDResult], bool]) -> Summary:
    """Returns what a record says, with these BD-rates only."""
    summary = Summary.from_dict(record)
    return replace(summary, bd_rates=[r for r in summary.bd_rates if keep(r)])


def caption_effects(record: Record) -> str:
    """Returns what each choice of captions changes against none."""
    summary = Summary.from_dict(record)
    effects = [e for e in summary.caption_effects if e.metric in _METRICS]
    shown = replace(summary, caption_effects=effects)
    return tables.to_markdown(tables.captions_table(shown)).strip()


def curves(record: Record) -> str:
    """Returns every point of every curve, ours with three kinds of captions."""
    summary = Summary.from_dict(record)
    given = (*_CAPTIONS, NO_CAPTION_READ)
    shown = replace(
        summary,
        points=[point for point in summary.points if point.captions in given],
        metrics={n: summary.metrics[n] for n in (*_METRICS, "map") if n in summary.metrics},
    )
    return tables.to_markdown(tables.points_table(shown)).strip()


def times(record: Record) -> str:
    """Returns the seconds of each codec."""
    return tables.to_markdown(tables.times_table(Summary.from_dict(record))).strip()


_ABLATED = {
    "full": ("full", "0", "0", "0", "0"),
    "no-d-text": ("w/o D text", "4.02", "5.22", "16.40", "9.41"),
    "no-g-text": ("w/o G text", "5.89", "9.77", "19.50", "15.69"),
    "no-text": ("w/o text", "11.51", "18.70", "29.59", "25.81"),
    "hific": ("HiFiC, no SSA", "", "", "", ""),
}
"""How tables name a variant, and what the paper's table 1 says of it (arXiv 2311.13847)."""
_READ_TEXT = ("full", "no-d-text")


def ablation(record: Record) -> str:
    """Returns a row for each variant and what its decoder was given, beside the paper's bits."""
    header = (
        "variant | caption | bpp | PSNR dB | LPIPS | FD-EffNet | IPD-EffNet | "
        "paper: extra bits at equal LPIPS, % | at equal FID | KID | IPD"
    )
    summary = Summary.from_dict(record)
    found = {(p.codec, p.captions): p for p in summary.points}
    rows = []
    for name, (label, *paper) in _ABLATED.items():
        # the others decode the same with any caption
        for given in _CAPTIONS if name in _READ_TEXT else ("none",):
            point = found[name, given]
            lpips = point.metrics["lpips"]
            told = paper if given == "right" or name not in _READ_TEXT else [""] * len(paper)
            rows.append(
                f"{label} | {given if name in _READ_TEXT else 'any'} | {point.bpp.value:.4f} | "
                f"{point.metrics['psnr'].value:.2f}{_mark(summary, name, 'psnr')} | "
                f"{lpips.value:.4f}{_mark(summary, name, 'lpips')} "
                f"({lpips.low:.4f} to {lpips.high:.4f}) | "
                f"{point.metrics['fd_effnet'].value:.1f} | "
                f"{point.metrics['ipd_effnet'].value:.2f} | {' | '.join(told)}"
            )
    return noted(markdown(header, rows))


_PAPERS_TEXT = "28.370 to 28.372 | 0.0500 | 18.1"
_STABLE = {f"caption-{k}": (f"text {k}", _PAPERS_TEXT) for k in range(1, 6)} | {
    "wrong": ("mismatch", "28.197 | 0.1073 | 31.8"),
    "none": ("none", " | | "),
    "shuffled": ("shuffled words", " | | "),
    "NA": ("NA", " | | "),
}
"""How the table names what decoders were given, and what the paper's table 2 says of it."""


def stability(record: Record) -> str:
    """Returns a row for each caption, beside the paper's."""
    summary = Summary.from_dict(record)
    psnr, lpips = (_mark(summary, "sidelight", name) for name in ("psnr", "lpips"))
    header = (
        f"caption | bpp | PSNR dB{psnr} | LPIPS{lpips} | FID | FD-EffNet | "
        "paper, at 0.258 bpp: PSNR dB | LPIPS | FID"
    )
    found = {point.captions: point for point in summary.points}
    rows = []
    for given, (label, paper) in _STABLE.items():
        point, metrics = found[given], found[given].metrics
        fid = f"{metrics['fid'].value:.1f}" if "fid" in metrics else ""
        rows.append(
            f"{label} | {point.bpp.value:.4f} | {metrics['psnr'].value:.3f} | "
            f"{metrics['lpips'].value:.4f} | {fid} | {metrics['fd_effnet'].value:.1f} | {paper}"
        )
    return noted(markdown(header, rows))
