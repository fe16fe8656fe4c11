"""One process at a time in a folder that is filled bit by bit: a training run, an experiment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sidelight.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows, where folders cannot be locked, only files
    fcntl = None  # type: ignore[assignment]

_LOCK_FILE = ".claim.lock"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps other processes out of a folder, which is made if it is missing.

    The claim ends with the process, however that ends, and leaves no file, but on Windows. Where a
    file system knows no locks, nobody is kept out.

    Raises:
        ConfigError: Another process is at work there, or a file is.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigError(f"{folder} is a file, expected a folder; name another") from None
    with _folder_locked(folder) if fcntl is not None else _file_locked(folder):
        yield


@contextmanager
def _folder_locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(folder) from None
        except OSError:
            pass  # no locks here
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _file_locked(folder: Path) -> Iterator[None]:
    import filelock

    lock = filelock.FileLock(folder / _LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise _taken(folder) from None
    try:
        yield
    finally:
        lock.release()


def _taken(folder: Path) -> ConfigError:
    return ConfigError(
        f"another process is at work in {folder}: wait for its end, or choose another folder"
    )
