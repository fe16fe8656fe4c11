"""SqueezeNet 1.1's layers as LPIPS uses them (torchvision's layout, without torchvision)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.nn.published import PublishedFile

FILE = PublishedFile(
    "squeezenet1_1-b8a52dc0.pth", "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth"
)
WIDTHS = (64, 128, 256, 384, 384, 512, 512)
"""Channels of the seven feature maps."""
# inputs, squeezed, channels of each of the two expansions
_FIRES = (
    (64, 16, 64),
    (128, 16, 64),
    (128, 32, 128),
    (256, 32, 128),
    (256, 48, 192),
    (384, 48, 192),
    (384, 64, 256),
    (512, 64, 256),
)
_POOLED_BEFORE = (0, 2, 4)
_MAPS_AFTER = (1, 3, 4, 5, 6, 7)
_TORCHVISION_FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
TORCHVISION_NAMES = {"features.0": "stem"} | {
    f"features.{layer}.{part}": f"fires.{k}.{part}"
    for k, layer in enumerate(_TORCHVISION_FIRES)
    for part in ("squeeze", "expand1x1", "expand3x3")
}
"""Names of the layers in ``FILE``, and ours."""


class _Fire(nn.Module):
    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNetFeatures(nn.Module):
    """Gives seven feature maps: after the first ReLU and after six of the eight fire modules."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3, stride=2)
        self.fires = nn.ModuleList(_Fire(*sizes) for sizes in _FIRES)

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """Returns the maps from the finest to the coarsest."""
        x = torch.relu(self.stem(x))
        maps = [x]
        for k, fire in enumerate(self.fires):
            if k in _POOLED_BEFORE:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = fire(x)
            if k in _MAPS_AFTER:
                maps.append(x)
        return maps
