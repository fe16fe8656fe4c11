"""Files, stdin and stdout as the commands name them."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sidelight.bulk.places import is_remote, opened, write
from sidelight.errors import ConfigError
from sidelight.files import naming

STREAM = "-"
_START_BYTES = 4096
_DESCRIPTORS = ("/dev/fd/", "/dev/stdout", "/dev/stderr", "/proc/self/fd/")


def read_bytes(source: str, check_start: Callable[[bytes], None] | None = None) -> bytes:
    """Returns a file's bytes, or those of stdin.

    Args:
        source: A path, an address, or ``-``.
        check_start: Raises at the first bytes of what is not wanted, before the rest is read.

    Raises:
        ConfigError: Stdin is closed.
    """
    if source != STREAM:
        with opened(source) as stream:
            return _read(stream, check_start)
    if sys.stdin is None or sys.stdin.closed:
        raise ConfigError("stdin is closed; name a file, or pipe one in")
    return _read(sys.stdin.buffer, check_start)


def _read(stream: BinaryIO, check_start: Callable[[bytes], None] | None) -> bytes:
    if check_start is None:
        return stream.read()
    start = stream.read(_START_BYTES)
    check_start(start)
    return start + stream.read()


def write_bytes(target: str, data: bytes) -> None:
    """Writes a whole file, or to stdout.

    Raises:
        ConfigError: Stdout is closed, or a terminal.
    """
    if not is_stdout(target):
        write(target, data)
        return
    if sys.stdout is None or sys.stdout.closed:
        raise ConfigError("stdout is closed; name a file")
    if sys.stdout.isatty():
        raise ConfigError("stdout is a terminal, which shows no picture's bytes; name a file")
    with naming("stdout"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def is_stream(target: str) -> bool:
    """Returns whether TARGET is stdout, a pipe or a device: nothing to be replaced there."""
    if target == STREAM or target.startswith(_DESCRIPTORS):
        return True
    if is_remote(target):
        return False
    try:
        mode = Path(target).stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_stdout(target: str) -> bool:
    """Returns whether TARGET is stdout under one of its names."""
    if target == STREAM:
        return True
    try:
        return is_stream(target) and os.path.samestat(Path(target).stat(), os.fstat(1))
    except OSError:
        return False


def suffix_of(target: str, format: str | None, default: str) -> str:
    """Returns the suffix in a file's name; where a stream has none, ``format`` or the default's.

    Raises:
        ConfigError: Name and format contradict each other.
    """
    suffix = "" if target == STREAM else Path(target).suffix.lower()
    if not suffix and is_stream(target):
        return f".{format or default}"
    if suffix and format is not None and _usual(suffix) != _usual(f".{format}"):
        raise ConfigError(f"{target} is to be a {suffix} file by its name, and --format {format}")
    return suffix


def _usual(suffix: str) -> str:
    return {".jpeg": ".jpg", ".tif": ".tiff"}.get(suffix, suffix)
