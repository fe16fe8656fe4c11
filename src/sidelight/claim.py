"""One process at a time in a folder that is filled bit by bit: a training run, an experiment."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sidelight.errors import ConfigError


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps other processes out of a folder, which is made if it is missing.

    The claim ends with the process, however that ends, and leaves no file. Where a file system
    knows no locks, nobody is kept out.

    Raises:
        ConfigError: Another process is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigError(
            f"another process is at work in {folder}: wait for its end, or choose another folder"
        ) from None
    except OSError:
        pass  # no locks here
    try:
        yield
    finally:
        os.close(descriptor)
