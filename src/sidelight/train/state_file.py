"""States of runs, which appear whole or not at all."""

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from sidelight.codec.card import MODEL_SUFFIX
from sidelight.errors import CheckpointError, TrainingError

STATE_FILE = "state.pt"
"""Its name in a run's folder."""
_REMEDY = "; put an earlier copy in its place, or begin in another folder"


def start_file(place: str) -> Path:
    """Returns the file that a recipe's ``start_from`` names: of a run's folder, or of a model."""
    path = Path(place)
    names_file = path.suffix == MODEL_SUFFIX or path.name == STATE_FILE
    return path if names_file else path / STATE_FILE


def check_readable(path: Path) -> None:
    """Raises unless the file is there.

    Raises:
        CheckpointError: It is not, or may not be read.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from None


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Writes what ``read_state`` gives back.

    Raises:
        TrainingError: It cannot be written; what was there before is whole, and nothing else is.
    """
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        kept = "the state before it is kept" if path.exists() else "nothing is kept"
        raise TrainingError(
            f"cannot write {path}: {_reason(error)}; {kept}: make room, then go on with --resume"
        ) from None


def read_state(
    path: Path, keys: Iterable[str] = (), *, device: torch.device | str = "cpu"
) -> dict[str, Any]:
    """Returns a state; runs no code that its file may hold.

    Args:
        path: Of the file.
        keys: What it must have.
        device: Where its tensors go.

    Raises:
        CheckpointError: The file is missing or damaged, or holds no state.
    """
    # not torch's own words for most of it: they tell how to run the file's code
    wrong = f"{path} is no state of a run, or a damaged one"
    check_readable(path)
    try:
        with zipfile.ZipFile(path) as parts:
            damaged = parts.testzip()
    except Exception as error:  # whatever the reader met
        raise CheckpointError(f"{wrong}: {error or type(error).__name__}{_REMEDY}") from None
    if damaged is not None:
        raise CheckpointError(f"{wrong}: the checksum of {damaged} fails{_REMEDY}")
    try:
        state = torch.load(path, weights_only=True, map_location=device)
    except Exception:
        raise CheckpointError(f"{wrong}: it holds more than tensors and numbers") from None
    missing = [key for key in keys if not isinstance(state, dict) or key not in state]
    if missing:
        raise CheckpointError(f"{wrong}: it lacks {missing[0]!r}")
    return state


def _reason(error: Exception) -> str:
    # torch wraps what its stream raised into words of its own
    cause = error if isinstance(error, OSError) else error.__context__ or error
    return getattr(cause, "strerror", None) or str(cause).splitlines()[0]
