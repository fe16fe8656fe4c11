"""The command line as a user meets it: wall time from process start, peak memory, its stages."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.measured import run_measured, sidelight_command
from benchmarks.record import Record


def measure_commands(
    source: Path, caption: str, quality: float, folder: Path, *, threads: int, repeat: int
) -> list[Record]:
    """Returns one row for each command; of decoding a .slt file also what its seconds go to."""
    slt, avif, decoded = (folder / f"picture.{suffix}" for suffix in ("slt", "avif", "png"))
    commands: dict[str, tuple[str | Path, ...]] = {"--help": ("--help",)}
    for kind, coded in (("SLT", slt), ("AVIF", avif)):
        decode = ("decode", coded, decoded, "--force")
        commands |= {
            f"encode PNG {kind}": ("encode", source, coded, "--quality", str(quality), "--force"),
            f"info {kind}": ("info", coded),
            f"decode {kind} PNG --caption TEXT": (*decode, "--caption", caption),
            f"decode {kind} PNG": decode,
            f"decode {kind} PNG --device cpu (by torch)": (*decode, "--device", "cpu"),
        }
    variables = {"OMP_NUM_THREADS": str(threads)}
    rows = []
    for name, arguments in commands.items():
        runs = [run_measured(sidelight_command(*arguments), variables) for _ in range(repeat)]
        row: Record = {
            "command": f"sidelight {name}",
            "wall_s": median(run.wall_s for run in runs),
            "peak_bytes": max(run.peak_bytes for run in runs),
        }
        if arguments[:2] == ("decode", slt) and "--device" not in arguments:
            text = caption if "--caption" in arguments else ""
            row["stages_s"] = stages(slt, decoded, text, variables, repeat)
        rows.append(row)
    return rows


def stages(
    coded: Path, target: Path, caption: str, variables: dict[str, str], repeat: int
) -> dict[str, float]:
    """Returns the median seconds of each stage of a decode in a fresh process."""
    runs: list[dict[str, float]] = []
    for _ in range(repeat):
        command = [sys.executable, "-m", "benchmarks.speed.startup", str(coded), str(target)]
        start = time.time()
        done = subprocess.run(
            [*command, caption, repr(start)],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=True,
        )
        end = time.time() - start
        found = json.loads(done.stdout)
        runs.append(found | {"end Python": end - sum(found.values())})
    return {stage: median(run[stage] for run in runs) for stage in runs[0]}
