"""The ``features`` of torchvision's networks, layer by layer under the official numbers."""

import torch
from torch import nn


class Fire(nn.Module):
    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


def alexnet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip


def vgg16() -> nn.Sequential:
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
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
        Fire(64, 16, 64), Fire(128, 16, 64), nn.MaxPool2d(3, 2, ceil_mode=True),
        Fire(128, 32, 128), Fire(256, 32, 128), nn.MaxPool2d(3, 2, ceil_mode=True),
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
    )  # fmt: skip


def seeded(features: nn.Sequential) -> nn.Sequential:
    """Weights that keep the size of what passes through, so that every layer counts."""
    torch.manual_seed(8)
    with torch.no_grad():
        for value in features.parameters():
            if value.ndim == 4:
                value.normal_(0, (2 / value[0].numel()) ** 0.5)
            else:
                value.uniform_(-0.2, 0.2)
    return features


def official_state(features: nn.Sequential) -> dict[str, torch.Tensor]:
    """As in the published file, which holds a classifier too."""
    state = {f"features.{name}": value for name, value in features.state_dict().items()}
    return state | {"classifier.1.weight": torch.zeros(2), "classifier.1.bias": torch.zeros(2)}
