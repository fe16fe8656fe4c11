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
