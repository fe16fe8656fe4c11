"""Files, stdin and stdout as the commands name them: a path, or ``-``."""

import sys
from pathlib import Path

import typer

from sidelight.pixels.atomic import write_atomically

STREAM = "-"


def read_bytes(source: str) -> bytes:
    """Returns a file's bytes, or those of stdin."""
    return sys.stdin.buffer.read() if source == STREAM else Path(source).read_bytes()


def write_bytes(target: str, data: bytes) -> None:
    """Writes a whole file, or to stdout."""
    if target == STREAM:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_atomically(Path(target), data)


def say(line: str) -> None:
    """Prints to stderr what a person may want to know."""
    typer.echo(line, err=True)
