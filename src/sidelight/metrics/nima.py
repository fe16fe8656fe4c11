"""NIMA (Talebi and Milanfar 2018): how much people would like a picture; no original is asked.

The network is idealo's: MobileNet with ten outputs, trained on AVA (choice C23e).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from sidelight.errors import CheckpointError, ConfigError
from sidelight.metrics.networks.mobilenet import OUT_WIDTH, MobileNetFeatures
from sidelight.metrics.protocol import Sample
from sidelight.nn.published import PublishedFile

FILE = PublishedFile(
    "weights_mobilenet_aesthetic_0.07.hdf5",
    "https://github.com/idealo/image-quality-assessment/raw/master/models/MobileNet/"
    "weights_mobilenet_aesthetic_0.07.hdf5",
    variable="SIDELIGHT_NIMA",
)
_CONVERTED = FILE._replace(name="weights_mobilenet_aesthetic_0.07.safetensors")
_SIDE_PX = 224
_NUM_SCORES = 10
_TORCH_NAMES = {
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


class NimaNetwork(nn.Module):
    """Shares of viewers who would give a picture the scores 1 to 10."""

    def __init__(self) -> None:
        super().__init__()
        self.features = MobileNetFeatures()
        self.dense = nn.Linear(OUT_WIDTH, _NUM_SCORES)  # its dropout acts in training only

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 10"]:
        """Returns shares that sum to 1; values in [-1, 1] RGB."""
        return self.dense(self.features(x)).softmax(1)


class Nima:
    """The mean score that viewers would give, from 1 to 10."""

    name = "nima"
    label = "NIMA (MobileNet, AVA)"
    higher_is_better = True
    source = "Talebi and Milanfar 2018, arXiv 1709.05424; weights of idealo's aesthetic model"

    def __init__(self, path: Path | None = None) -> None:
        """Reads the weights.

        Args:
            path: idealo's .hdf5 file, or a .safetensors file with the same tensors under the same
                names, such as ``conv1/kernel:0``; None for the file that SIDELIGHT_NIMA names,
                else for either of them in ``weights`` below the folder that SIDELIGHT_ASSETS names.

        Raises:
            CheckpointError: There is no such file, or it holds something else.
            ConfigError: The file is .hdf5 and h5py is missing.
        """
        path = path or FILE.find() or _CONVERTED.find() or FILE.locate()
        try:
            tensors = _read(path)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"{path} cannot be read ({error}), get {FILE.url}") from None
        self._network = NimaNetwork()
        try:
            self._network.load_state_dict(from_keras(tensors))
        except (KeyError, RuntimeError):
            raise CheckpointError(
                f"{path} holds {len(tensors)} tensors that are not those of {FILE.url}"
            ) from None
        self._network.eval()

    @torch.inference_mode()
    def __call__(self, sample: Sample) -> float:
        """Returns the score of the decoded picture."""
        shares = self._network(_prepared(sample.decoded))[0]
        return float((shares * torch.arange(1, _NUM_SCORES + 1)).sum())


def from_keras(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns weights under the names and in the layouts of ``NimaNetwork``'s own state.

    Args:
        tensors: By Keras's names, which end with layer and kind: ``conv1/kernel:0``.

    Raises:
        KeyError: A name is none of Keras's.
    """
    state = {}
    for name, value in tensors.items():
        folders, _, kind = name.removesuffix(":0").rpartition("/")
        layer = folders.rpartition("/")[2]
        place = "dense" if layer.startswith("dense") else f"features.layers.{layer}"
        if kind == "depthwise_kernel":  # (height, width, channels, 1)
            value = value.permute(2, 3, 0, 1)
        elif kind == "kernel" and value.ndim == 4:  # (height, width, in, out)
            value = value.permute(3, 2, 0, 1)
        elif kind == "kernel":
            value = value.T
        state[f"{place}.{_TORCH_NAMES[kind]}"] = value.contiguous()
    return state


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        import h5py
    except ModuleNotFoundError:
        raise ConfigError(f"reading {path} needs h5py: pip install 'sidelight[evaluate]'") from None
    tensors = {}

    def keep(name: str, found: object) -> None:
        if isinstance(found, h5py.Dataset):
            tensors[name] = torch.from_numpy(np.array(found))

    with h5py.File(path, "r") as file:
        file.visititems(keep)
    return tensors


def _prepared(image: UInt8[np.ndarray, "h w 3"]) -> Float[Tensor, "1 3 s s"]:
    """Returns the picture squeezed to a square, by nearest neighbours as idealo's loader does."""
    square = Image.fromarray(image).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.NEAREST)
    x = torch.from_numpy(np.array(square)).permute(2, 0, 1)[None].float()
    return x / 127.5 - 1
