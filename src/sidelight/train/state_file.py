"""States of runs, which appear whole or not at all."""

from pathlib import Path
from typing import Any

import torch

STATE_FILE = "state.pt"
"""Its name in a run's folder."""


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Writes what ``torch.load(path, weights_only=True)`` gives back."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
