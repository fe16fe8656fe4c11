"""Finds files that do not ship with the package: official weights, data sets."""

import os
from pathlib import Path

from sidelight.errors import CheckpointError

ENVIRONMENT_VARIABLE = "SIDELIGHT_ASSETS"


def assets_folder() -> Path | None:
    """Returns the folder that ``SIDELIGHT_ASSETS`` names, None where it is not set."""
    root = os.environ.get(ENVIRONMENT_VARIABLE)
    return None if root is None else Path(root)


def find_asset(name: str) -> Path:
    """Returns the path of ``name`` under the folder that ``SIDELIGHT_ASSETS`` names.

    Raises:
        CheckpointError: The variable is not set, or the file is not in that folder.
    """
    root = _folder_for(name)
    path = root / name
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
    try:
        if path.is_absolute():
            return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        return sorted(_folder_for(pattern).glob(pattern))
    except (ValueError, IndexError) as error:
        raise CheckpointError(f"{pattern!r} is no path or glob: {error}") from None


def _folder_for(name: str) -> Path:
    folder = assets_folder()
    if folder is None:
        raise CheckpointError(
            f"{name} is needed: set {ENVIRONMENT_VARIABLE} to the folder that holds it"
        )
    return folder
