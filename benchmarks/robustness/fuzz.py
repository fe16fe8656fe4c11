"""Gives the commands and the library damaged and hostile input, and counts what became of it.

python -m benchmarks.robustness.fuzz [--inputs 2000] [--seed 2311] [--kinds pictures,...]

Commands run in one process with Typer's runner, which is quick, in parts of some hundred inputs;
every now and then one runs as a program of its own. A fault is an exception that is not ours, a
silent wrong picture of a .slt file, a changed input, a file left over, a control character printed,
a death of the process. Exit code 1 if there is one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measured import sidelight_command
from benchmarks.record import Record, add_output_option, say, write_record
from benchmarks.robustness.cases import KINDS
from benchmarks.robustness.corpus import Corpus, make_corpus
from sidelight.evaluate.environment import environment

_SEED = 2311
_PART = 200
_OF_ITS_OWN = 100
"""Of so many inputs, one also runs in a process of its own."""
_TIMEOUT_S = 600


def main() -> None:
    """Parses the command line, tries the inputs and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--kinds", default=",".join(KINDS))
    add_output_option(parser, "robustness_fuzz.json")
    arguments = parser.parse_args()

    head = environment(seed=arguments.seed)
    kinds = arguments.kinds.split(",")
    rows = fuzz(arguments.seed, arguments.inputs, kinds)
    alone = in_processes(arguments.seed, arguments.inputs // _OF_ITS_OWN, kinds)
    record = {"environment": head, "conditions": {"kinds": kinds}, **summary(rows, alone)}
    write_record(arguments.output, record)
    sys.exit(1 if record["faults"] else 0)


def fuzz(seed: int, count: int, kinds: list[str]) -> list[Record]:
    """Returns what became of each input; one that killed its process has that as its fault."""
    rows: list[Record] = []
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log.jsonl"
        first = 0
        while first < count:
            part = min(_PART, count - first)
            command = [sys.executable, "-m", "benchmarks.robustness.worker", str(seed)]
            command += [str(first), str(part), ",".join(kinds), str(log)]
            own = {"XDG_CACHE_HOME": place, "OMP_NUM_THREADS": "1"}
            log.write_text("")
            done = subprocess.run(
                command, env=os.environ | own, capture_output=True, text=True, check=False
            )
            found = [json.loads(line) for line in log.read_text().splitlines()]
            rows += [row for row in found if "faults" in row]
            if done.returncode == 0:
                first += part
            elif not found:
                raise RuntimeError(f"the worker does not start: {done.stderr[-500:]}")
            else:
                said = (done.stderr.strip().splitlines() or ["no word"])[-1]
                fault = f"ends the process ({done.returncode}): {said}"
                rows.append(found[-1] | {"faults": [fault], "outcomes": []})
                first = found[-1]["input"] + 1
            say(f"{first} of {count} inputs, {sum(len(row['faults']) for row in rows)} faults")
    return rows


def in_processes(seed: int, count: int, kinds: list[str]) -> list[Record]:
    """Returns what the installed command makes of further inputs, each a process of its own."""
    corpus = make_corpus(seed)
    return [_alone(seed, -1 - k, kinds, corpus) for k in range(count)]


def _alone(seed: int, number: int, kinds: list[str], corpus: Corpus) -> Record:
    random = np.random.default_rng((seed, 2**32 + number))
    kind = kinds[int(random.integers(len(kinds)))]
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        case = KINDS[kind][1](Path(place), corpus, random)
        own = {"XDG_CACHE_HOME": place, "OMP_NUM_THREADS": "1"}
        for command in case.commands:
            done = subprocess.run(
                sidelight_command(*command),
                env=os.environ | own,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
            said = done.stderr.decode("utf-8", "replace")
            if "Traceback" in said or done.returncode not in (0, 1, 2):
                faults.append(f"{said.strip().splitlines()[-1:]} | {command[0]}")
    return {"input": number, "kind": kind, "faults": faults}


def summary(rows: list[Record], alone: list[Record]) -> dict[str, Any]:
    """Returns the figures of the record."""
    slowest = max(rows, key=lambda row: row.get("cpu_s", 0.0))
    largest = max(rows, key=lambda row: row.get("grown_bytes", 0))
    faults = [{**row, "fault": fault} for row in (*rows, *alone) for fault in row["faults"]]
    return {
        "inputs": len(rows),
        "inputs_in_processes": len(alone),
        "by_kind": dict(sorted(Counter(row["kind"] for row in rows).items())),
        "outcomes": dict(sorted(Counter(o for row in rows for o in row["outcomes"]).items())),
        "silent_wrong_pictures": sum("silent wrong" in fault["fault"] for fault in faults),
        "num_faults": len(faults),
        "faults": [
            {"input": f["input"], "kind": f["kind"], "fault": f["fault"]} for f in faults[:100]
        ],
        "longest": {"cpu_s": slowest.get("cpu_s"), "kind": slowest["kind"]},
        "longest_wall_s": max(row.get("wall_s", 0.0) for row in rows),
        "most_memory": {"grown_bytes": largest.get("grown_bytes"), "kind": largest["kind"]},
    }


if __name__ == "__main__":
    main()
