"""Writes the tables of README.md and docs/ from the records of the benchmarks.

python scripts/render_tables.py [--check]

A table stands between ``<!-- table:NAME -->`` and ``<!-- /table -->``. With --check nothing is
written, and the exit code is 1 where a file is not what the records say.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sidelight.evaluate import tables
from sidelight.evaluate.summary import NO_CAPTION_READ, Summary

_ROOT = Path(__file__).parents[1]
_RESULTS = _ROOT / "benchmarks" / "results"
_MARKED = re.compile(r"(<!-- table:([\w-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)
_CAPTIONS = ("right", "none", "wrong")
_SHOWN = {
    "psnr": ("PSNR dB", "{:.2f}"),
    "ms_ssim": ("MS-SSIM", "{:.4f}"),
    "lpips": ("LPIPS", "{:.4f}"),
}
"""What the README's table names a metric, and its digits."""
_METRICS = ("psnr", "lpips", "fd_effnet", "ipd_effnet")
"""Those that tell codecs and captions apart."""
_RIGHT, *_LESS_TOLD = (f"sidelight, {caption}" for caption in _CAPTIONS)
_GIB, _MIB = 2**30, 2**20

Record = dict[str, Any]


def main() -> None:
    """Parses the command line and renders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="folder of the records")
    arguments = parser.parse_args()

    stale = []
    for path in (_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))):
        before = path.read_text("utf-8")
        after = render(before, arguments.results)
        if after == before:
            continue
        stale.append(path.relative_to(_ROOT))
        if not arguments.check:
            path.write_text(after, "utf-8")
    for path in stale:
        sys.stderr.write(f"{path}: {'out of date' if arguments.check else 'written'}\n")
    sys.exit(1 if arguments.check and stale else 0)


def render(page: str, results: Path) -> str:
    """Returns the page with each table between markers made anew from its record."""

    def table(marked: re.Match[str]) -> str:
        opening, name, closing = marked.groups()
        if name not in TABLES:
            raise SystemExit(f"no table {name!r}, known are {sorted(TABLES)}")
        file, rows_of = TABLES[name]
        if not (results / file).exists():
            sys.stderr.write(f"table {name}: no {file} yet, left empty\n")
            return opening + closing
        record = json.loads((results / file).read_text("utf-8"))
        return f"{opening}\n{rows_of(record)}\n\n{_origin(record)}\n\n{closing}"

    return _MARKED.sub(table, page)


def kodak_rd(record: Record) -> str:
    """Returns rate and metrics of each quality with each caption, and VVC's LPIPS at the rate."""
    curves = tables.curves(Summary.from_dict(record))
    vvc = [(point.bpp.value, point.metrics["lpips"].value) for point in curves["vvc"]]
    rows = []
    for points in zip(*(curves[f"sidelight, {c}"] for c in _CAPTIONS), strict=True):
        bpp = points[0].bpp.value
        values = (
            " / ".join(form.format(point.metrics[name].value) for point in points)
            for name, (_, form) in _SHOWN.items()
        )
        quality = points[0].setting.removeprefix("quality=")
        of_vvc = _number(at_rate(bpp, vvc), "{:.4f}")
        rows.append(f"{quality} | {bpp:.3f} | {' | '.join(values)} | {of_vvc}")
    labels = " | ".join(f"{label}: {' / '.join(_CAPTIONS)}" for label, _ in _SHOWN.values())
    return _markdown(f"quality | bpp | {labels} | VVC's LPIPS at this rate", rows)


def at_rate(bpp: float, curve: Sequence[tuple[float, float]]) -> float | None:
    """Returns a metric at a rate, linear in log bpp between (bpp, metric); None beyond them."""
    rates, values = zip(*curve, strict=True)
    if not rates[0] <= bpp <= rates[-1]:
        return None
    return float(np.interp(np.log(bpp), np.log(rates), values))


def equal_lpips(record: Record) -> str:
    """Returns a row per anchor: the bits of ours beyond its own at equal LPIPS."""
    matrices = tables.bd_matrices(_ours(Summary.from_dict(record), ("lpips",)))
    series = [row[0].text for row in next(iter(matrices.values())).rows]
    rows = [
        [tables.Cell(anchor, anchor), *(cell for _, cell in matrix.rows)]
        for anchor, matrix in matrices.items()
    ]
    table = tables.Table([("anchor", "against"), *((name, name) for name in series)], rows)
    return tables.to_markdown(table).strip()


def bd_rates(record: Record) -> str:
    """Returns ours against each anchor, in the metrics that tell codecs apart."""
    summary = _ours(Summary.from_dict(record), _METRICS)
    return tables.to_markdown(tables.bd_table(summary)).strip()


def _ours(summary: Summary, metrics: Sequence[str]) -> Summary:
    """Returns the summary with the BD-rates of ours against others in these metrics only."""
    series = {f"sidelight, {caption}" for caption in _CAPTIONS}
    results = [
        r
        for r in summary.bd_rates
        if r.series in series and r.metric in metrics and r.anchor not in series
    ]
    return replace(summary, bd_rates=results)


def text_worth(record: Record) -> str:
    """Returns the bits beyond those with the right caption, without one and with a wrong one."""
    summary = Summary.from_dict(record)
    results = [
        r
        for r in summary.bd_rates
        if r.anchor == _RIGHT and r.series in _LESS_TOLD and r.metric in _METRICS
    ]
    return tables.to_markdown(tables.bd_table(replace(summary, bd_rates=results))).strip()


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
        metrics={name: summary.metrics[name] for name in (*_METRICS, "map")},
    )
    return tables.to_markdown(tables.points_table(shown)).strip()


def _of_summary(make: Callable[[Summary], tables.Table]) -> Callable[[Record], str]:
    return lambda record: tables.to_markdown(make(Summary.from_dict(record))).strip()


def determinism(record: Record) -> str:
    """Returns one row for each processor setting, both precisions and batchings in it."""
    header = (
        "threads | instructions | oneDNN | files | latents differ, alone | "
        "latents differ, in batches | fp32 max pixel difference | bf16 mean error"
    )
    settings: dict[tuple[Any, ...], list[Record]] = {}
    for row in record["rows"]:
        settings.setdefault((row["threads"], row["isa"], row["mkldnn"]), []).append(row)
    rows = []
    for (threads, isa, mkldnn), members in settings.items():
        fp32 = [r for r in members if r.get("precision") == "fp32"]
        bf16 = [r for r in members if r.get("precision") == "bf16"]
        alone = _largest(r.get("latents_differ") for r in members if r.get("batch") is False)
        batched = _largest(r.get("latents_differ") for r in members if r.get("batch"))
        rows.append(
            f"{threads} | {isa} | {'on' if mkldnn else 'off'} | "
            f"{_number(_largest(r.get('files') for r in members), '{}')} | "
            f"{_number(alone, '{}')} | {_number(batched, '{}')} | "
            f"{_number(_largest(r.get('max_pixel_difference') for r in fp32), '{}')} | "
            f"{_number(_largest(r.get('mean_pixel_error') for r in bf16), '{:.3f}')}"
        )
    return _markdown(header, rows)


def speed(record: Record) -> str:
    """Returns the codecs, the parts of ours, and the command line: three tables."""
    coding, quality = record["coding"], record["conditions"]["quality"]
    encode_ms = 1000 * coding["encode"]["median_s"]
    ours = [
        f"sidelight, quality {quality:g}, {precision} | {coding['bpp']:.3f} | "
        f"{encode_ms:.0f} | {1000 * decode['median_s']:.0f}"
        for precision, decode in coding["decode"].items()
    ]
    other = "{codec} ({setting}) | {bpp:.3f} | {encode_ms:.0f} | {decode_ms:.1f}"
    others = [other.format_map(row) for row in record["others"]]
    ffmpeg = f"JPEG XL's times hold {record['ffmpeg_start_ms']:.0f} ms in which ffmpeg starts."
    load = record["environment"]["load_average_at_start"]
    return "\n\n".join(
        [
            _markdown("codec | bpp | encode ms | decode ms", ours + others),
            f"{ffmpeg} Load of the machine at the start: {load:.1f}.",
            _parts(coding),
            _commands(record["commands"]),
        ]
    )


def _parts(coding: Record) -> str:
    runs = {"encode": coding["encode"]} | {
        f"decode {precision}": decode for precision, decode in coding["decode"].items()
    }
    rows = [
        f"{run} | {part} | {1000 * seconds['median_s']:.1f} | {seconds['share_percent']:.1f}"
        for run, timed in runs.items()
        for part, seconds in timed["parts"].items()
    ]
    return _markdown("run | part | ms | %", rows)


def _commands(commands: Sequence[Record]) -> str:
    rows = []
    for row in commands:
        stages = ", ".join(f"{stage} {s:.2f}" for stage, s in row.get("stages_s", {}).items())
        mib = row["peak_bytes"] / _MIB
        rows.append(f"`{row['command']}` | {row['wall_s']:.2f} | {mib:.0f} | {stages}")
    return _markdown("command, one picture | s | peak MiB | stages, s", rows)


def overhead(record: Record) -> str:
    """Returns a row for each model: what files take, over what their tables say, and times."""
    row = (
        "`{of}` | {bpp:.4f} | {bpp_estimated:.4f} | {overhead_percent:+.2f} | {encode_s:.2f} | "
        "{decode_s:.2f}"
    )
    return _markdown(
        "model | bpp of whole files | of their latents' information | overhead, % | encode s | "
        "decode s",
        [row.format_map(values) for values in record["rows"]],
    )


def memory(record: Record) -> str:
    """Returns peak memory and time of each command."""
    picture, limit = record["picture"], record["conditions"]["limit_bytes"]
    rows = [
        f"{row['command']} | {row['peak_bytes'] / _GIB:.2f} | {row['wall_s']:.0f} | "
        f"{'yes' if row['within_limit'] else 'no'}"
        for row in record["rows"]
    ]
    size = f"{picture['width']}x{picture['height']} px, {picture['bytes']} bytes."
    header = f"command | peak GiB | s | within {limit / _GIB:g} GiB"
    return f"{size}\n\n{_markdown(header, rows)}"


def text_retrieval(record: Record) -> str:
    """Returns one row for each text encoder."""
    header = (
        "encoder | text R@1 | text R@5 | image to caption R@1 | R@5 | cosine to MiniLM | "
        "ms per caption | first vector after s | MiB to it"
    )
    known_of_some = ("image_recall_at_1", "image_recall_at_5", "cosine_to_teacher")
    rows = [
        f"{name} | {row['recall_at_1']:.3f} | {row['recall_at_5']:.3f} | "
        f"{' | '.join(_number(row[key], '{:.3f}') for key in known_of_some)} | "
        f"{row['ms_per_caption']:.1f} | {row['start_s']:.2f} | {row['start_bytes'] / _MIB:.0f}"
        for name, row in record["summary"].items()
    ]
    return _markdown(header, rows)


def text_mismatch(record: Record) -> str:
    """Returns false alarms and detections of each data set and quality."""
    row = (
        "{dataset} | {quality:g} | {captions} | {threshold:.3f} | {false_alarms:.1%} | "
        "{detections:.1%}"
    )
    return _markdown(
        "pictures | quality | captions | threshold | false alarms | wrong ones found",
        [row.format_map(values) for values in record["summary"]],
    )


def text_odd_captions(record: Record) -> str:
    """Returns LPIPS and what the decoder said, for each kind of caption."""
    rows = [
        f"{name} | {_number(row['lpips'], '{:.4f}')} | {'; '.join(row['said'])}"
        for name, row in record["summary"].items()
    ]
    quality = f"Kodak at quality {record['conditions']['quality']:g}."
    return f"{quality}\n\n{_markdown('caption | LPIPS | the decoder says', rows)}"


def speed_training(record: Record) -> str:
    """Returns one row for each stage."""
    header = (
        "stage | crop px | batch | GFLOP per image | s per step | images/s | limit images/s | "
        "share | peak GiB"
    )
    conditions = record["conditions"]
    rows = [
        f"{name} | {conditions['crop']} | {conditions['batch']} | "
        f"{row['flops_per_image'] / 1e9:.0f} | {row['s_per_step']:.2f} | "
        f"{row['images_per_s']:.2f} | {row['limit_images_per_s']:.2f} | "
        f"{row['share_of_limit']:.0%} | {row['peak_bytes'] / _GIB:.1f}"
        for name, row in record["summary"].items()
    ]
    rate = record["convolution"]["flops_per_s"] / 1e9
    return f"The convolution runs at {rate:.0f} GFLOP/s.\n\n{_markdown(header, rows)}"


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
    found = {(p.codec, p.captions): p for p in Summary.from_dict(record).points}
    rows = []
    for name, (label, *paper) in _ABLATED.items():
        # the others decode the same with any caption
        for given in ("right", "none", "wrong") if name in _READ_TEXT else ("none",):
            point = found[name, given]
            lpips = point.metrics["lpips"]
            told = paper if given == "right" or name not in _READ_TEXT else [""] * len(paper)
            rows.append(
                f"{label} | {given if name in _READ_TEXT else 'any'} | {point.bpp.value:.4f} | "
                f"{point.metrics['psnr'].value:.2f} | "
                f"{lpips.value:.4f} ({lpips.low:.4f} to {lpips.high:.4f}) | "
                f"{point.metrics['fd_effnet'].value:.1f} | "
                f"{point.metrics['ipd_effnet'].value:.2f} | {' | '.join(told)}"
            )
    return _markdown(header, rows)


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
    header = (
        "caption | bpp | PSNR dB | LPIPS | FID | FD-EffNet | "
        "paper, at 0.258 bpp: PSNR dB | LPIPS | FID"
    )
    found = {point.captions: point for point in Summary.from_dict(record).points}
    rows = []
    for given, (label, paper) in _STABLE.items():
        point, metrics = found[given], found[given].metrics
        fid = f"{metrics['fid'].value:.1f}" if "fid" in metrics else ""
        rows.append(
            f"{label} | {point.bpp.value:.4f} | {metrics['psnr'].value:.3f} | "
            f"{metrics['lpips'].value:.4f} | {fid} | {metrics['fd_effnet'].value:.1f} | {paper}"
        )
    return _markdown(header, rows)


def metric_checks(record: Record) -> str:
    """Returns a row for each way in which a metric was checked."""
    rows = [
        f"{', '.join(f'`{name}`' for name in row['metrics'])} | {row['part']} | {row['against']} | "
        f"{row['largest_difference']:.1g} | {row['largest_value']:.3g} | {row['unproven']}"
        for row in record["checks"]
    ]
    return _markdown(
        "metric | what | checked against | largest difference | values up to | unproven", rows
    )


TABLES: dict[str, tuple[str, Callable[[Record], str]]] = {
    "kodak-rd": ("evaluate_rd_kodak.json", kodak_rd),
    "kodak-equal-lpips": ("evaluate_rd_kodak.json", equal_lpips),
    "determinism": ("determinism_matrix.json", determinism),
    "speed": ("speed_kodak.json", speed),
    "overhead": ("rd_overhead.json", overhead),
    "memory": ("memory_large_picture.json", memory),
    "speed-training": ("speed_training_small.json", speed_training),
    "speed-training-paper": ("speed_training_paper.json", speed_training),
    "kodak-bd-rates": ("evaluate_rd_kodak.json", bd_rates),
    "kodak-captions": ("evaluate_rd_kodak.json", caption_effects),
    "kodak-curves": ("evaluate_rd_kodak.json", curves),
    "coco-curves": ("evaluate_rd_coco_test.json", curves),
    "coco-bd-rates": ("evaluate_rd_coco_test.json", bd_rates),
    "coco-captions": ("evaluate_rd_coco_test.json", caption_effects),
    "kodak-text-worth": ("evaluate_rd_kodak.json", text_worth),
    "coco-text-worth": ("evaluate_rd_coco_test.json", text_worth),
    "kodak-times": ("evaluate_rd_kodak.json", _of_summary(tables.times_table)),
    "stability": ("evaluate_stability_kodak.json", stability),
    "metric-checks": ("metric_checks.json", metric_checks),
    "ablation": ("evaluate_ablation_kodak.json", ablation),
    "text-retrieval": ("text_retrieval.json", text_retrieval),
    "text-mismatch": ("text_mismatch.json", text_mismatch),
    "text-odd-captions": ("text_odd_captions.json", text_odd_captions),
}


def _origin(record: Record) -> str:
    made = record["environment"]
    dirty = ", with local changes" if made["dirty"] else ""
    return f"Made by `{made['command']}` at commit `{made['commit']}`{dirty} ({made['cpu']})."


def _markdown(header: str, rows: Iterable[str]) -> str:
    """Returns a table from lines whose cells are parted by " | "."""
    line = " | ".join(["---"] * (header.count(" | ") + 1))
    return "\n".join(f"| {cells} |" for cells in (header, line, *rows))


def _largest(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if known else None


def _number(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


if __name__ == "__main__":
    main()
