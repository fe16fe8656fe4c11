"""Runs commands on damaged inputs in one process and writes what became of each, line by line.

python -m benchmarks.robustness.worker SEED FIRST COUNT KIND,KIND,... LOG; started by fuzz.py.

Input k follows from the seed and k alone. The line of an input is written before it is tried, so
that one which kills the process is known.
"""

import contextlib
import io
import json
import re
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from typer.testing import CliRunner

import sidelight
from benchmarks.robustness.cases import KINDS, Case
from benchmarks.robustness.corpus import Corpus, make_corpus
from sidelight.cli.app import app
from sidelight.errors import CodecError
from sidelight.pixels.decoding import decode_picture

_TOO_LONG_S = 300
_USAGE = 2
_PAGE_BYTES = 4096
_RESULTS = "out"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_GONE = re.compile("No such (option|command)")
_LEFT = re.compile(r"\.partial$|\.tmp$")


def main() -> None:
    """Runs inputs FIRST to FIRST + COUNT."""
    seed, first, count = map(int, sys.argv[1:4])
    kinds, log = sys.argv[4].split(","), Path(sys.argv[5])
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, _stop)
    corpus = make_corpus(seed)
    with log.open("a") as stream:
        for k in range(first, first + count):
            random = np.random.default_rng((seed, k))
            kind = draw_kind(kinds, random)
            row: dict[str, Any] = {"input": k, "kind": kind}
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            stream.write(json.dumps(row | _try(kind, corpus, random)) + "\n")
            stream.flush()


def draw_kind(kinds: list[str], random: np.random.Generator) -> str:
    """Returns one of the kinds by their weights."""
    weights = np.array([KINDS[kind][0] for kind in kinds], float)
    return kinds[int(random.choice(len(kinds), p=weights / weights.sum()))]


def _try(kind: str, corpus: Corpus, random: np.random.Generator) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sidelight-fuzz-") as place:
        folder = Path(place)
        case = KINDS[kind][1](folder, corpus, random)
        before = _inputs(folder)
        resident = _reset_peak()
        start, start_cpu = time.perf_counter(), time.process_time()
        signal.alarm(_TOO_LONG_S)
        faults, outcomes = _run(case, folder)
        signal.alarm(0)
        record = {
            "commands": [command[0] for command in case.commands],
            "outcomes": outcomes,
            "faults": faults,
            "wall_s": round(time.perf_counter() - start, 3),
            "cpu_s": round(time.process_time() - start_cpu, 3),
            "grown_bytes": max(0, _peak() - resident),
        }
        after = _inputs(folder)
        record["faults"] += [f"input changed: {p}" for p in before if after.get(p) != before[p]]
        record["faults"] += [f"left over: {p}" for p in after if _LEFT.search(p)]
    return record


def _run(case: Case, folder: Path) -> tuple[list[str], list[str]]:
    faults: list[str] = []
    outcomes: list[str] = []
    for command in case.commands:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = CliRunner().invoke(app, command)
        said = [part for part in command if not part.startswith(str(folder))]
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            faults.append(f"{_where(done.exception)} | {' '.join(said)!r}")
        elif done.exit_code not in (0, 1, _USAGE):
            faults.append(f"exit code {done.exit_code} | {' '.join(said)!r}")
        elif _GONE.search(done.output):
            faults.append(f"the command has changed: {' '.join(done.output.split())[-80:]}")
        elif done.exit_code and not done.output.strip():
            faults.append(f"fails without a word | {' '.join(said)!r}")
        if found := _CONTROLS.search(done.output):
            faults.append(f"prints {found[0]!r} | {' '.join(said)!r}")
        outcomes.append(f"{command[0]} {done.exit_code}")
    if case.same_as is not None and (folder / "out.png").exists():
        shown = np.asarray(Image.open(folder / "out.png"))
        if "none" in case.commands[0] and not np.array_equal(shown, case.same_as):
            faults.append("silent wrong picture")
    if case.data is not None:
        faults += _library(case.data)
    return faults, outcomes


def _library(data: bytes) -> list[str]:
    faults = []
    for name, act in (
        ("decode_picture", lambda: decode_picture(data)),
        ("decode", lambda: sidelight.decode(data, caption="", precision="fp32")),
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                act()
        except CodecError:
            pass
        except Exception as error:
            faults.append(f"{_where(error)} | sidelight.{name}")
    return faults


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "sidelight" in f.filename] or frames[-1:]
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:90]}"


def _inputs(folder: Path) -> dict[str, tuple[int, int]]:
    """Returns size and time of each file; a folder of results is there to be changed."""
    found = {}
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            is_result = path.parent == folder / _RESULTS and not _LEFT.search(path.name)
            if path.is_file() and not path.is_symlink() and not is_result:
                status = path.stat()
                found[str(path.relative_to(folder)).encode("utf-8", "replace").decode()] = (
                    status.st_size,
                    status.st_mtime_ns,
                )
    return found


def _reset_peak() -> int:
    """Sets the largest resident size to the present one, where Linux lets us, and returns it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _stop(*_: object) -> None:
    raise TimeoutError(f"more than {_TOO_LONG_S} s")


if __name__ == "__main__":
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    main()
