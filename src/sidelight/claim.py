"""One process at a time in a folder that is filled bit by bit: a training run, an experiment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    file system knows no locks, nobody is kept out. A folder that was made here and that nothing
    came into is removed.

    Raises:
        ConfigError: Another process is at work there, or a file is.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigError(f"{folder} is a file, expected a folder; name another") from None
    with _locked(folder, folder / _LOCK_FILE, "folder"):
        try:
            yield
        finally:
            if made:
                with suppress(OSError):  # it holds something
                    folder.rmdir()


@contextmanager
def claimed_file(path: Path) -> Iterator[None]:
    """Keeps other processes that claim it out of a file, which is made if it is missing.

    Raises:
        ConfigError: Another process is at work there, or it is a folder.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, expected a file; name another")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with _locked(path, path.with_name(path.name + _LOCK_FILE), "file"):
        yield


@contextmanager
def _locked(place: Path, lock_file: Path, kind: str) -> Iterator[None]:
    if fcntl is None:
        with _by_lock_file(place, lock_file, kind):
            yield
        return
    descriptor = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(place, kind) from None
        except OSError:
            pass  # no locks here
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _by_lock_file(place: Path, lock_file: Path, kind: str) -> Iterator[None]:
    import filelock

    lock = filelock.FileLock(lock_file, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise _taken(place, kind) from None
    try:
        yield
    finally:
        lock.release()


def _taken(place: Path, kind: str) -> ConfigError:
    return ConfigError(
        f"another process is at work in {place}: wait for its end, or choose another {kind}"
    )
