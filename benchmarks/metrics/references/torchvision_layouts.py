"""The ``features`` of torchvision's networks, layer by layer under the official numbers."""

from pathlib import Path

import torch
from torch import nn

from sidelight.metrics.networks.lpips_weights import NETWORKS


class Fire(nn.Module):
    """SqueezeNet's block: fewer channels, then two convolutions side by side."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns both maps, joined over channels."""
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


def alexnet() -> nn.Sequential:
    """Returns AlexNet's convolutions."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip


def vgg16() -> nn.Sequential:
    """Returns VGG-16's convolutions."""
    layers: list[nn.Module] = []
    inputs = 3
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        if width:
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
            inputs = width
        else:
            layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


def squeezenet1_1() -> nn.Sequential:
    """Returns SqueezeNet 1.1 without its classifier."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
        Fire(64, 16, 64), Fire(128, 16, 64), nn.MaxPool2d(3, 2, ceil_mode=True),
        Fire(128, 32, 128), Fire(256, 32, 128), nn.MaxPool2d(3, 2, ceil_mode=True),
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
    )  # fmt: skip


TRUNKS = {"alex": alexnet, "vgg": vgg16, "squeeze": squeezenet1_1}
"""By the names that LPIPS gives them."""


def seeded(features: nn.Sequential) -> nn.Sequential:
    """Gives it weights that keep the size of what passes through, so that every layer counts."""
    torch.manual_seed(8)
    with torch.no_grad():
        for value in features.parameters():
            if value.ndim == 4:
                value.normal_(0, (2 / value[0].numel()) ** 0.5)
            else:
                value.uniform_(-0.2, 0.2)
    return features


def official_state(features: nn.Sequential) -> dict[str, torch.Tensor]:
    """Returns what the published file holds, which has a classifier too."""
    state = {f"features.{name}": value for name, value in features.state_dict().items()}
    return state | {"classifier.1.weight": torch.zeros(2), "classifier.1.bias": torch.zeros(2)}


def write_trunk(root: Path, network: str) -> nn.Sequential:
    """Writes a seeded trunk into an assets folder, under its published name, and returns it."""
    trunk = seeded(TRUNKS[network]())
    path = root / "weights" / NETWORKS[network].trunk.name
    path.parent.mkdir(exist_ok=True)
    torch.save(official_state(trunk), path)
    return trunk
