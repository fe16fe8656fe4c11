"""Glob patterns on the local disk, and what they cannot look into."""

import errno
import glob
import os
from pathlib import Path

from sidelight.errors import ConfigError


def matches(pattern: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Returns what a pattern with ``*`` or ``**`` stands for, and the folders it is kept out of.

    ``glob`` passes over these in silence; each comes with the reason. Both are sorted.
    """
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute one
    whole = Path(pattern)
    ways = (whole, *whole.parents) if whole.name == "**" else whole.parents
    closed = {
        folder
        for way in ways
        for folder in glob.glob(f"{way}/", recursive=True)  # noqa: PTH207
        if not os.access(folder, os.R_OK | os.X_OK)
    }
    reason = os.strerror(errno.EACCES)
    return sorted(found), [(str(Path(folder)), reason) for folder in sorted(closed)]


def all_matches(pattern: str) -> list[str]:
    """Returns what a pattern stands for, sorted.

    Raises:
        ConfigError: There is a folder that it is kept out of.
    """
    found, closed = matches(pattern)
    for folder, reason in closed:
        raise ConfigError(f"{pattern}: {folder} cannot be read: {reason}")
    return found
