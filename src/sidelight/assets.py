"""Finds files that do not ship with the package: official weights, data sets."""

import os
from pathlib import Path

from sidelight.errors import CheckpointError

ENVIRONMENT_VARIABLE = "SIDELIGHT_ASSETS"


def find_asset(name: str) -> Path:
    """Returns the path of ``name`` under the folder that ``SIDELIGHT_ASSETS`` names.

    Raises:
        CheckpointError: The variable is not set, or the file is not in that folder.
    """
    root = os.environ.get(ENVIRONMENT_VARIABLE)
    if root is None:
        raise CheckpointError(
            f"{name} is needed: set {ENVIRONMENT_VARIABLE} to the folder that holds it"
        )
    path = Path(root) / name
    if not path.exists():
        raise CheckpointError(
            f"{name} is not in {root}, the folder that {ENVIRONMENT_VARIABLE} names"
        )
    return path


def find_assets(pattern: str) -> list[Path]:
    """Returns what a path or glob matches, sorted; relative ones begin at ``SIDELIGHT_ASSETS``.

    Raises:
        CheckpointError: A relative one is given and the variable is not set.
    """
    path = Path(pattern)
    if path.is_absolute():
        return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    root = os.environ.get(ENVIRONMENT_VARIABLE)
    if root is None:
        raise CheckpointError(
            f"{pattern} is needed: set {ENVIRONMENT_VARIABLE} to the folder that holds it"
        )
    return sorted(Path(root).glob(pattern))
