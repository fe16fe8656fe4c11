"""Writes the tables of README.md and docs/ from the records of benchmarks and evaluations.

python -m benchmarks.tables.render [--check]

A table stands between ``<!-- table:NAME -->`` and ``<!-- /table -->``. With --check nothing is
written, and the exit code is 1 where a file is not what the records say. Plots in docs/images/ are
drawn anew when their record has changed.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.record import RESULTS, Record
from benchmarks.tables import (
    bulk,
    carriers,
    evaluations,
    improved,
    measurements,
    memory,
    robustness,
)

_ROOT = Path(__file__).parents[2]
_MARKED = re.compile(r"(<!-- table:([\w-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)

TABLES: dict[str, tuple[str, Callable[[Record], str]]] = {
    "kodak-rd": ("evaluate_rd_kodak.json", evaluations.kodak_rd),
    "kodak-equal-lpips": ("evaluate_rd_kodak.json", evaluations.equal_lpips),
    "determinism": ("determinism_matrix.json", measurements.determinism),
    "determinism-runtimes": (
        "determinism_runtimes.json",
        measurements.determinism_of_runtimes,
    ),
    "determinism-learned": ("determinism_learned.json", measurements.determinism_of_models),
    "speed": ("speed_kodak.json", measurements.speed),
    "overhead": ("rd_overhead.json", measurements.overhead),
    "learned-overhead": ("rd_overhead_learned.json", measurements.overhead),
    "learned-times": ("rd_times_published_width.json", measurements.coding_times),
    "learned-curves": ("evaluate_rd_kodak_learned.json", evaluations.curves),
    "backbone-curves": ("evaluate_backbone_kodak.json", evaluations.curves),
    "backbone-bd-rates": ("evaluate_backbone_kodak.json", evaluations.bd_rates_of_all),
    "backbone-coco-curves": ("evaluate_backbone_coco_test.json", evaluations.curves),
    "backbone-coco-bd-rates": ("evaluate_backbone_coco_test.json", evaluations.bd_rates_of_all),
    "backbone-captions": ("evaluate_backbone_kodak.json", evaluations.caption_effects),
    "joint-captions": ("evaluate_rd_coco_test_joint.json", evaluations.caption_effects),
    "joint-curves": ("evaluate_rd_coco_test_joint.json", evaluations.curves),
    "memory": ("memory_large_picture.json", memory.peaks),
    "memory-times": ("memory_large_picture.json", memory.times),
    "memory-middles": ("memory_large_picture.json", memory.middles),
    "speed-training": ("speed_training_small.json", measurements.speed_training),
    "speed-training-paper": ("speed_training_paper.json", measurements.speed_training),
    "plan-of-gpus": ("speed_training_paper.json", measurements.plan_of_gpus),
    "speed-ddp": ("speed_ddp.json", measurements.speed_ddp),
    "kodak-bd-rates": ("evaluate_rd_kodak.json", evaluations.bd_rates),
    "kodak-captions": ("evaluate_rd_kodak.json", evaluations.caption_effects),
    "kodak-curves": ("evaluate_rd_kodak.json", evaluations.curves),
    "coco-curves": ("evaluate_rd_coco_test.json", evaluations.curves),
    "coco-bd-rates": ("evaluate_rd_coco_test.json", evaluations.bd_rates),
    "coco-captions": ("evaluate_rd_coco_test.json", evaluations.caption_effects),
    "kodak-text-worth": ("evaluate_rd_kodak.json", evaluations.text_worth),
    "coco-text-worth": ("evaluate_rd_coco_test.json", evaluations.text_worth),
    "kodak-times": ("evaluate_rd_kodak.json", evaluations.times),
    "stability": ("evaluate_stability_kodak.json", evaluations.stability),
    "metric-checks": ("metric_checks.json", measurements.metric_checks),
    "ablation": ("evaluate_ablation_kodak.json", evaluations.ablation),
    "text-retrieval": ("text_retrieval.json", measurements.text_retrieval),
    "text-mismatch": ("text_mismatch.json", measurements.text_mismatch),
    "text-odd-captions": ("text_odd_captions.json", measurements.text_odd_captions),
    "kodak-carriers-short": ("evaluate_carriers_kodak.json", improved.in_short),
    "kodak-carriers": ("evaluate_carriers_kodak.json", improved.at_equal_bytes),
    "coco-carriers": ("evaluate_carriers_coco_test.json", improved.at_equal_bytes),
    "coco-carriers-bits": ("evaluate_carriers_coco_test.json", improved.bits_at_equal_quality),
    "kodak-carriers-others": ("evaluate_carriers_kodak_others.json", improved.at_equal_bytes),
    "kodak-carriers-others-bits": (
        "evaluate_carriers_kodak_others.json",
        improved.bits_at_equal_quality,
    ),
    "kodak-carriers-captions": ("evaluate_carriers_captions.json", improved.changes_by_captions),
    "kodak-carriers-five-captions": (
        "evaluate_carriers_five_captions.json",
        improved.changes_by_captions,
    ),
    "kodak-carriers-bits": ("evaluate_carriers_kodak.json", improved.bits_at_equal_quality),
    "kodak-carriers-tiny": ("evaluate_carriers_tiny.json", improved.at_equal_bytes),
    "kodak-carriers-tiny-bits": ("evaluate_carriers_tiny.json", improved.bits_at_equal_quality),
    "carrier-changes-by-rate": ("text_changes.json", carriers.changes_by_rate),
    "carrier-changes-by-word": ("text_changes.json", carriers.changes_by_word),
    "carrier-rates": ("rd_carrier_rates.json", carriers.rates),
    "carrier-speed": ("speed_carriers.json", carriers.decoding_times),
    "carrier-unusual": ("rd_unusual_inputs.json", carriers.unusual_inputs),
    "carrier-drawn-range": ("rd_drawn_range.json", carriers.drawn_range),
    "avif-settings": ("rd_avif_settings.json", carriers.avif_settings),
    "bulk-throughput": ("bulk_throughput.json", bulk.throughput),
    "bulk-ray": ("bulk_ray.json", bulk.on_ray),
    "bulk-scale": ("bulk_ray.json", bulk.at_scale),
    "robustness-fuzz": ("robustness_fuzz.json", robustness.fuzz),
    "robustness-interruptions": ("robustness_interruptions.json", robustness.interruptions),
}

PLOTS: dict[str, tuple[str, Callable[[Record], Any]]] = {
    "large-pictures": ("memory_large_picture.json", memory.plot),
}
"""Drawn by matplotlib into docs/images/."""


def main() -> None:
    """Parses the command line and renders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    parser.add_argument("--results", type=Path, default=_ROOT / RESULTS, help="the records")
    arguments = parser.parse_args()

    stale = []
    for path in (_ROOT / "README.md", *sorted((_ROOT / "docs").rglob("*.md"))):
        before = path.read_text("utf-8")
        after = render(before, arguments.results)
        if after == before:
            continue
        stale.append(path.relative_to(_ROOT))
        if not arguments.check:
            path.write_text(after, "utf-8")
    for name, (file, draw) in PLOTS.items():
        image, record_file = _ROOT / "docs" / "images" / f"{name}.svg", arguments.results / file
        if not record_file.exists() or is_plot_of(image, record_file):
            continue
        stale.append(image.relative_to(_ROOT))
        if not arguments.check:
            image.write_text(plot(name, record_file, draw), "utf-8")
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
            sys.stderr.write(f"table {name}: no {file} yet\n")
            return f"{opening}\nNot measured yet.\n\n{closing}"
        record = json.loads((results / file).read_text("utf-8"))
        return f"{opening}\n{rows_of(record)}\n\n{_origin(record)}\n\n{closing}"

    return _MARKED.sub(table, page)


def plot(name: str, record_file: Path, draw: Callable[[Record], Any]) -> str:
    """Returns an SVG file that says which record it was drawn from."""
    from sidelight.evaluate.plots import to_svg

    data = record_file.read_bytes()
    svg = to_svg(draw(json.loads(data)), name)
    return f"{_drawn_from(data)}\n{svg}"


def is_plot_of(image: Path, record_file: Path) -> bool:
    """Returns whether an image was drawn from this record; other versions draw other bytes."""
    first = _drawn_from(record_file.read_bytes())
    return image.exists() and image.read_text("utf-8").startswith(first)


def _drawn_from(data: bytes) -> str:
    return f"<!-- drawn from a record with SHA-256 {hashlib.sha256(data).hexdigest()[:16]} -->"


def _origin(record: Record) -> str:
    made = record["environment"]
    dirty = ", with local changes" if made["dirty"] else ""
    return f"Made by `{made['command']}` at commit `{made['commit']}`{dirty} ({made['cpu']})."


if __name__ == "__main__":
    main()
