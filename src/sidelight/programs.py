"""Runs encoders, decoders and metrics that are programs of their own."""

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sidelight.errors import CodecError, ConfigError

ENCODE_LIMIT_S = 3600.0
"""The reference software of VVC takes minutes for a picture of half a megapixel."""


def find_program(name: str, remedy: str) -> str:
    """Returns the path of a program on the PATH.

    Raises:
        ConfigError: It is not there; the message ends in ``remedy``.
    """
    path = shutil.which(name)
    if path is None:
        raise ConfigError(f"{name} is not on the PATH: {remedy}")
    return path


def run_program(
    command: Sequence[str], data: bytes = b"", *, limit_s: float = ENCODE_LIMIT_S
) -> bytes:
    """Returns what the program writes to stdout when it is given ``data`` on stdin.

    Raises:
        CodecError: It cannot be started, takes longer than ``limit_s`` or fails; the message has
            its last words.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, check=False, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        raise CodecError(f"{name} has not ended after {limit_s:g} s and was stopped") from None
    except OSError as error:
        raise CodecError(f"{name} cannot be started: {error}") from None
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace")
        last = words.splitlines()[-1] if words else "no message"
        raise CodecError(f"{name} failed with status {done.returncode}: {last}")
    return done.stdout


def read_output(path: Path, program: str) -> bytes:
    """Returns the file that a program was to write.

    Raises:
        CodecError: It wrote none, or an empty one.
    """
    data = path.read_bytes() if path.exists() else b""
    if not data:
        raise CodecError(f"{program} ended without an error and wrote nothing to {path.name}")
    return data


@cache
def version_line(command: tuple[str, ...]) -> str:
    """Returns the first line with the word "version" of what a program prints of itself.

    Its status does not count: some end with an error after they have shown their help.

    Raises:
        ConfigError: The program cannot be started.
    """
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise ConfigError(f"{Path(command[0]).name} cannot be started: {error}") from None
    lines = (done.stdout + b"\n" + done.stderr).decode(errors="replace").splitlines()
    return next((line.strip() for line in lines if "version" in line.lower()), "version unknown")
