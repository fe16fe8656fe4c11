"""Pictures per second of ``sidelight encode`` and ``decode`` on Ray, against processes alone.

python -m benchmarks.bulk.ray [--pictures 2000] [--workers 1 2]

Both get as many cores as they have workers. Ray starts on this machine within each run, which
counts; what a run of one picture takes says how long that is. The files of all runs are compared.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.bulk.throughput import SHARDS, digest_of, run_on_cores, unpack
from benchmarks.measured import sidelight_command
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.assets import find_assets
from sidelight.evaluate.environment import environment

ENGINES = {"processes": (), "ray": ("--engine", "ray")}


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    add_output_option(parser, "bulk_ray.json")
    arguments = parser.parse_args()

    head = environment()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        count = unpack(find_assets(SHARDS), folder / "pictures", arguments.pictures)
        if count < arguments.pictures:
            parser.error(f"{SHARDS} has only {count} pictures")
        start_s = {engine: start_of(folder, engine) for engine in ENGINES}
        rows = measure(folder, arguments.workers)
    record = {
        "environment": head,
        "conditions": {"pictures": arguments.pictures, "ray": version("ray")},
        "start_s": start_s,
        "rows": compared(rows, arguments.pictures),
        "identical": all(row["identical"] for row in rows),
    }
    write_record(arguments.output, record)
    sys.exit(0 if record["identical"] else 1)


def start_of(folder: Path, engine: str) -> float:
    """Returns what a run of one small picture takes."""
    one = folder / "one"
    if not one.exists():
        one.mkdir()
        shutil.copy(min((folder / "pictures").iterdir()), one)
    wall_s, _ = run_on_cores(command("encode", one, folder / "one-coded", engine, 1), 1)
    say(f"one picture by {engine}: {wall_s:.1f} s")
    return wall_s


def measure(folder: Path, workers: Sequence[int]) -> list[Record]:
    """Returns a row for each direction, number of workers and engine."""
    rows: list[Record] = []
    for direction, source in (("encode", "pictures"), ("decode", "encode")):
        digests: set[str] = set()
        for count in workers:
            for engine in ENGINES:
                target = folder / direction
                shutil.rmtree(target, ignore_errors=True)
                wall_s, cpu_s = run_on_cores(
                    command(direction, folder / source, target, engine, count), count
                )
                digests.add(digest_of(target))
                rows.append(
                    {
                        "direction": direction,
                        "workers": count,
                        "engine": engine,
                        "wall_s": wall_s,
                        "cpu_s": cpu_s,
                        "read_bytes": size_of(folder / source),
                        "written_bytes": size_of(target),
                        "identical": len(digests) == 1,
                    }
                )
                say(f"{direction} by {count}, {engine}: {wall_s:.1f} s")
    return rows


def size_of(folder: Path) -> int:
    """Returns what the files of a folder take."""
    return sum(path.stat().st_size for path in folder.iterdir())


def command(direction: str, source: Path, target: Path, engine: str, count: int) -> list[str]:
    """Returns the command line of one run."""
    return sidelight_command(
        direction, source, target, "-j", str(count), "--force", *ENGINES[engine]
    )


def compared(rows: Sequence[Record], pictures: int) -> list[Record]:
    """Returns the rows with their rates, and what share of the processes' that is."""
    rated = [{**row, "pictures_per_s": pictures / row["wall_s"]} for row in rows]
    alone = {
        (row["direction"], row["workers"]): row["pictures_per_s"]
        for row in rated
        if row["engine"] == "processes"
    }
    return [
        {**row, "share": row["pictures_per_s"] / alone[row["direction"], row["workers"]]}
        for row in rated
    ]


if __name__ == "__main__":
    main()
