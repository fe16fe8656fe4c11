"""How a benchmark's record is written, and where."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

RESULTS = Path("benchmarks") / "results"

Record = dict[str, Any]


def add_output_option(parser: argparse.ArgumentParser, default: str) -> None:
    """Adds ``--output``, by default a file of this name under benchmarks/results/."""
    parser.add_argument(
        "--output", type=Path, default=RESULTS / default, help="JSON record to write"
    )


def write_record(path: Path, record: Record) -> None:
    """Writes the record whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=1) + "\n")
    partial.replace(path)
    say(f"wrote {path}")


def say(line: str) -> None:
    """Reports progress to stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
