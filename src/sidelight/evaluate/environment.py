"""What every record says of the machine, the versions and the command that made it."""

import datetime
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sidelight.assets import ENVIRONMENT_VARIABLE, assets_folder

_PACKAGES = ("sidelight", "torch", "numpy", "pillow", "constriction")
_REPOSITORY = Path(__file__).parents[3]
_PROGRAM = ("src", ":(glob)benchmarks/**/*.py")


def environment(*, model: bytes | None = None, seed: int | None = None) -> dict[str, Any]:
    """Returns what one must know to read the figures, and to make them again.

    Args:
        model: Fingerprint of the model that coded.
        seed: Of whatever the program drew at random.
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": command_line(sys.orig_argv),
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--", *_PROGRAM)),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "model": None if model is None else model.hex(),
        "seed": seed,
    }


def command_line(arguments: Sequence[str]) -> str:
    """Returns the command as one may type it in the repository, without this machine's paths."""
    interpreter, *rest = arguments
    if rest and Path(rest[0]).name == "sidelight":
        named = ["sidelight", *rest[1:]]
    else:
        named = [Path(interpreter).name.rstrip(".0123456789"), *rest]
    return shlex.join(part.replace(f"{_REPOSITORY}/", "") for part in named)


def without_paths(message: str) -> str:
    """Returns a message as a record keeps it: it names the variable, not this machine's folder."""
    root = assets_folder()
    return message if root is None else message.replace(str(root), f"${ENVIRONMENT_VARIABLE}")


def _git(*arguments: str) -> str | None:
    """Returns what git says of the clone that this runs from; None for an installed package."""
    if not (_REPOSITORY / ".git").exists():
        return None
    done = subprocess.run(
        ["git", *arguments], cwd=_REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
