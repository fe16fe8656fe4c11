"""Runs a command and says how long it took and how much memory it had at its peak.

Linux counts a parent's memory into the peak of a child until the child executes its program, so
the command is started from a small process of its own: this file, which imports little.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Measured(NamedTuple):
    """Wall time from the start of the process to its end, and its largest resident size."""

    wall_s: float
    peak_bytes: int


def run_measured(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Runs ``command`` to its end.

    Raises:
        RuntimeError: It failed; the message has its last line on stderr.
    """
    this_file = str(Path(__file__).resolve())
    done = subprocess.run(
        [sys.executable, "-S", "-E", this_file, *command],
        env=os.environ | dict(environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    *before, last = [line for line in done.stderr.splitlines() if line.strip()] or ["{}"]
    report = json.loads(last) if last.startswith("{") else {"status": done.returncode}
    if report.get("status") != 0:
        reason = before[-1] if before else "no message"
        raise RuntimeError(f"{Path(command[0]).name} {command[1]} failed: {reason}")
    return Measured(report["wall_s"], report["peak_bytes"])


def _spawn(command: list[str]) -> None:
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    report = {
        "status": os.waitstatus_to_exitcode(status),
        "wall_s": time.perf_counter() - start,
        "peak_bytes": usage.ru_maxrss * 1024,
    }
    sys.stderr.write("\n" + json.dumps(report) + "\n")


def sidelight_command(*arguments: str | Path) -> list[str]:
    """Returns the installed command with its arguments."""
    return [str(Path(sys.executable).with_name("sidelight")), *map(str, arguments)]


if __name__ == "__main__":
    _spawn(sys.argv[1:])
