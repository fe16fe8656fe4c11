"""Pictures per second of ``sidelight encode`` and ``decode`` with 1, 2, ... processes.

python -m benchmarks.bulk.throughput [--pictures 2000] [--processes 1 2] [--repeat 1]

Each run gets as many cores as it has processes, so that its efficiency, its rate over that many
times the rate of one process on one core, says what more cores are worth. Starting the processes
and loading the models counts. The files of all runs are compared.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.measured import sidelight_command
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.assets import find_assets
from sidelight.evaluate.environment import environment

SHARDS = "data/train/*-320px-*.tar"
"""Small pictures: the longest time per pixel goes into what is not pixels."""


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--format", default="avif", help="of the files that encode writes")
    parser.add_argument("--repeat", type=int, default=1)
    add_output_option(parser, "bulk_throughput.json")
    arguments = parser.parse_args()

    record = {
        "environment": environment(),
        "conditions": {"pictures": arguments.pictures, "format": arguments.format},
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        count = unpack(find_assets(SHARDS), folder / "pictures", arguments.pictures)
        if count < arguments.pictures:
            parser.error(f"{SHARDS} has only {count} pictures")
        runs = [
            row
            for _ in range(arguments.repeat)
            for row in measure(folder, arguments.processes, arguments.format)
        ]
    write_record(arguments.output, record | summary(runs, arguments.pictures))
    sys.exit(0 if all(row["identical"] for row in runs) else 1)


def unpack(shards: Sequence[Path], folder: Path, count: int) -> int:
    """Writes the first pictures of the shards, and returns how many there were."""
    folder.mkdir()
    done = 0
    for path in shards:
        with tarfile.open(path) as shard:
            for member in shard:
                if done == count:
                    return done
                stream = shard.extractfile(member)
                if stream is not None and member.name.endswith(".avif"):
                    (folder / f"{path.stem}-{Path(member.name).name}").write_bytes(stream.read())
                    done += 1
    return done


def measure(folder: Path, processes: Sequence[int], suffix: str) -> list[Record]:
    """Returns a row for each direction and number of processes."""
    rows: list[Record] = []
    for direction, source in (("encode", "pictures"), ("decode", f"encode-{processes[0]}")):
        digests: set[str] = set()
        for count in processes:
            target = folder / f"{direction}-{count}"
            options = ["--format", suffix] if direction == "encode" else []
            command = [direction, folder / source, target, "-j", str(count), "--force", *options]
            wall_s, cpu_s = run_on_cores(sidelight_command(*command), count)
            digests.add(digest_of(target))
            rows.append(
                {
                    "direction": direction,
                    "processes": count,
                    "wall_s": wall_s,
                    "cpu_s": cpu_s,
                    "identical": len(digests) == 1,
                }
            )
            say(f"{direction} by {count}: {wall_s:.1f} s, {cpu_s:.1f} s of CPU")
    return rows


def run_on_cores(command: Sequence[str], count: int) -> tuple[float, float]:
    """Returns the wall time of a command on so many cores, and the CPU time of all its processes.

    Raises:
        RuntimeError: It failed, or there are not so many cores.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < count:
        raise RuntimeError(f"{count} cores are needed, this process may use {len(cores)}")
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, cores[:count]),
    )
    wall_s, after = time.perf_counter() - start, os.times()
    if done.returncode:
        raise RuntimeError(f"{command[1]} failed: {(done.stderr.splitlines() or [''])[-1]}")
    cpu_s = sum(
        getattr(after, k) - getattr(before, k) for k in ("children_user", "children_system")
    )
    return wall_s, cpu_s


def digest_of(folder: Path) -> str:
    """Returns what all files of a folder, with their names, come to."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def summary(runs: Sequence[Record], pictures: int) -> Record:
    """Returns the medians of all runs of a kind, and whether they wrote the same bytes."""
    rows: list[Record] = []
    for direction, count in dict.fromkeys((r["direction"], r["processes"]) for r in runs):
        same = [r for r in runs if (r["direction"], r["processes"]) == (direction, count)]
        wall_s = median(r["wall_s"] for r in same)
        rows.append(
            {
                "direction": direction,
                "processes": count,
                "wall_s": wall_s,
                "cpu_s": median(r["cpu_s"] for r in same),
                "pictures_per_s": pictures / wall_s,
            }
        )
    one = {r["direction"]: r["pictures_per_s"] / r["processes"] for r in reversed(rows)}
    for row in rows:
        row["efficiency"] = row["pictures_per_s"] / row["processes"] / one[row["direction"]]
    return {"rows": rows, "identical": all(r["identical"] for r in runs)}


if __name__ == "__main__":
    main()
