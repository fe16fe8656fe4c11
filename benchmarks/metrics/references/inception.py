"""Inception-v3 a second way: the padding of each layer written out instead of rules and tables."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from torch import Tensor
from torch.nn import functional as F

_LAYERS = Path(__file__).with_name("inception_layers.txt")
"""Name, outputs, inputs, kernel height and width of each convolution in the published file."""
_SIDE_PX = 299


def published_state() -> dict[str, Tensor]:
    """Returns seeded tensors under the names and in the shapes of the published file."""
    torch.manual_seed(3)
    state = {"fc.weight": torch.randn(1008, 2048) / 45, "fc.bias": torch.randn(1008)}
    for line in _LAYERS.read_text().splitlines():
        name, *numbers = line.split()
        outputs, inputs, height, width = map(int, numbers)
        shape = (outputs, inputs, height, width)
        state[f"{name}.conv.weight"] = torch.randn(shape) * (2 / (inputs * height * width)) ** 0.5
        state[f"{name}.bn.weight"] = torch.rand(outputs) + 0.5
        state[f"{name}.bn.bias"] = torch.randn(outputs) / 4
        state[f"{name}.bn.running_mean"] = torch.randn(outputs) / 4
        state[f"{name}.bn.running_var"] = torch.rand(outputs) + 0.5
    return state


def resized(image: np.ndarray) -> np.ndarray:
    """Returns a picture (h, w, 3) at 299 px a side, read by scipy at positions k * size / 299."""
    rows, columns = (np.arange(_SIDE_PX) * (side / _SIDE_PX) for side in image.shape[:2])
    grid = np.meshgrid(rows, columns, indexing="ij")
    channels = [
        map_coordinates(image[..., c].astype(float), grid, order=1, mode="nearest")
        for c in range(3)
    ]
    return np.stack(channels, -1)


class Reference:
    """Pooled features from the tensors of the published file."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self._state = state

    def features(self, x: Tensor) -> Tensor:
        """Returns (b, 2048) from pictures of 299 px a side, values in [-1, 1]."""
        x = self._conv(x, "Conv2d_1a_3x3", 2)
        x = self._conv(x, "Conv2d_2a_3x3")
        x = F.max_pool2d(self._conv(x, "Conv2d_2b_3x3", 1, 1), 3, 2)
        x = self._conv(x, "Conv2d_3b_1x1")
        x = F.max_pool2d(self._conv(x, "Conv2d_4a_3x3"), 3, 2)
        assert x.shape[1:] == (192, 35, 35)
        for letter in "bcd":
            x = self._block_5(x, f"Mixed_5{letter}.")
        assert x.shape[1:] == (288, 35, 35)
        small = self._conv(
            self._conv(x, "Mixed_6a.branch3x3dbl_1"), "Mixed_6a.branch3x3dbl_2", 1, 1
        )
        small = self._conv(small, "Mixed_6a.branch3x3dbl_3", 2)
        x = torch.cat([self._conv(x, "Mixed_6a.branch3x3", 2), small, F.max_pool2d(x, 3, 2)], 1)
        for letter in "bcde":
            x = self._block_6(x, f"Mixed_6{letter}.")
        assert x.shape[1:] == (768, 17, 17)
        one = self._conv(self._conv(x, "Mixed_7a.branch3x3_1"), "Mixed_7a.branch3x3_2", 2)
        two = self._conv(x, "Mixed_7a.branch7x7x3_1")
        two = self._conv(two, "Mixed_7a.branch7x7x3_2", 1, (0, 3))
        two = self._conv(two, "Mixed_7a.branch7x7x3_3", 1, (3, 0))
        two = self._conv(two, "Mixed_7a.branch7x7x3_4", 2)
        x = torch.cat([one, two, F.max_pool2d(x, 3, 2)], 1)
        assert x.shape[1:] == (1280, 8, 8)
        x = self._block_7(x, "Mixed_7b.", _average(x))
        x = self._block_7(x, "Mixed_7c.", F.max_pool2d(x, 3, 1, 1))
        return x.mean((2, 3))

    def _conv(
        self, x: Tensor, name: str, stride: int = 1, pad: int | tuple[int, int] = 0
    ) -> Tensor:
        state = self._state
        x = F.conv2d(x, state[f"{name}.conv.weight"], None, stride, pad)
        statistics = (state[f"{name}.bn.running_mean"], state[f"{name}.bn.running_var"])
        affine = (state[f"{name}.bn.weight"], state[f"{name}.bn.bias"])
        return F.batch_norm(x, *statistics, *affine, eps=1e-3).relu()

    def _block_5(self, x: Tensor, at: str) -> Tensor:
        five = self._conv(self._conv(x, at + "branch5x5_1"), at + "branch5x5_2", 1, 2)
        three = self._conv(self._conv(x, at + "branch3x3dbl_1"), at + "branch3x3dbl_2", 1, 1)
        three = self._conv(three, at + "branch3x3dbl_3", 1, 1)
        pooled = self._conv(_average(x), at + "branch_pool")
        return torch.cat([self._conv(x, at + "branch1x1"), five, three, pooled], 1)

    def _block_6(self, x: Tensor, at: str) -> Tensor:
        one = self._conv(self._conv(x, at + "branch7x7_1"), at + "branch7x7_2", 1, (0, 3))
        one = self._conv(one, at + "branch7x7_3", 1, (3, 0))
        two = self._conv(self._conv(x, at + "branch7x7dbl_1"), at + "branch7x7dbl_2", 1, (3, 0))
        two = self._conv(two, at + "branch7x7dbl_3", 1, (0, 3))
        two = self._conv(two, at + "branch7x7dbl_4", 1, (3, 0))
        two = self._conv(two, at + "branch7x7dbl_5", 1, (0, 3))
        pooled = self._conv(_average(x), at + "branch_pool")
        return torch.cat([self._conv(x, at + "branch1x1"), one, two, pooled], 1)

    def _block_7(self, x: Tensor, at: str, pooled: Tensor) -> Tensor:
        one = self._conv(x, at + "branch3x3_1")
        two = self._conv(self._conv(x, at + "branch3x3dbl_1"), at + "branch3x3dbl_2", 1, 1)
        forks = [
            self._conv(one, at + "branch3x3_2a", 1, (0, 1)),
            self._conv(one, at + "branch3x3_2b", 1, (1, 0)),
            self._conv(two, at + "branch3x3dbl_3a", 1, (0, 1)),
            self._conv(two, at + "branch3x3dbl_3b", 1, (1, 0)),
        ]
        pooled = self._conv(pooled, at + "branch_pool")
        return torch.cat([self._conv(x, at + "branch1x1"), *forks, pooled], 1)


def _average(x: Tensor) -> Tensor:
    """Returns the mean of those of the 3x3 neighbours that exist."""
    return F.avg_pool2d(x, 3, 1, 1) / F.avg_pool2d(torch.ones_like(x), 3, 1, 1)
