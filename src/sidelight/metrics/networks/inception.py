"""Inception-v3 as FID is computed with: TensorFlow's network of 2015-12-05 (Szegedy et al. 2016).

It differs from torchvision's: average pooling leaves the padding out of the mean, the last block
pools by maximum, and there are 1008 classes. The layers carry the names of the converted file that
pytorch-fid publishes.

Axes: b batch, h and w picture height and width.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.nn.published import PublishedFile

FILE = PublishedFile(
    "pt_inception-2015-12-05-6726825d.pth",
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth",
    variable="SIDELIGHT_INCEPTION",
)
SIDE_PX = 299
WIDTH = 2048
"""Features after pooling."""
CLASSES = 1008
_POOLED_AFTER = ("Conv2d_2b_3x3", "Conv2d_4a_3x3")


class _Layer(NamedTuple):
    """A convolution: kernel as height and width; stride 1 keeps the size, stride 2 pads nothing."""

    name: str
    width: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1


_Chain = tuple[tuple[_Layer, ...], ...]
"""Steps one after the other; layers of one step read the same maps and are joined."""


class _Convolution(nn.Module):
    def __init__(
        self, inputs: int, width: int, kernel: tuple[int, int], stride: int, *, padded: bool
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padded else (0, 0)
        self.conv = nn.Conv2d(inputs, width, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(width, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


class _Block(nn.Module):
    """Chains of convolutions side by side and a pooled branch, joined over channels."""

    def __init__(self, inputs: int, chains: tuple[_Chain, ...], pool: str, pooled: int) -> None:
        """Builds the layers.

        Args:
            inputs: Channels of the maps that come in.
            chains: The branches before the pooled one.
            pool: "mean" and "max" keep the size, "halve" does not and is followed by no layer.
            pooled: Channels of the layer after "mean" and "max".
        """
        super().__init__()
        self._chains, self._pool = chains, pool
        for chain in chains:
            width = inputs
            for step in chain:
                for layer in step:
                    convolution = _Convolution(
                        width, layer.width, layer.kernel, layer.stride, padded=layer.stride == 1
                    )
                    self.add_module(layer.name, convolution)
                width = sum(layer.width for layer in step)
        if pool != "halve":
            self.branch_pool = _Convolution(inputs, pooled, (1, 1), 1, padded=True)

    def forward(self, x: Tensor) -> Tensor:
        branches = []
        for chain in self._chains:
            maps = x
            for step in chain:
                maps = torch.cat([self.get_submodule(layer.name)(maps) for layer in step], 1)
            branches.append(maps)
        return torch.cat([*branches, self._pooled(x)], 1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self._pool == "halve":
            return F.max_pool2d(x, 3, 2)
        if self._pool == "mean":
            return self.branch_pool(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
        return self.branch_pool(F.max_pool2d(x, 3, 1, 1))


def _chain(*layers: _Layer) -> _Chain:
    return tuple((layer,) for layer in layers)


def _block_35(inputs: int, pooled: int) -> _Block:
    chains = (
        _chain(_Layer("branch1x1", 64)),
        _chain(_Layer("branch5x5_1", 48), _Layer("branch5x5_2", 64, (5, 5))),
        _chain(
            _Layer("branch3x3dbl_1", 64),
            _Layer("branch3x3dbl_2", 96, (3, 3)),
            _Layer("branch3x3dbl_3", 96, (3, 3)),
        ),
    )
    return _Block(inputs, chains, "mean", pooled)


def _halve_to_17(inputs: int) -> _Block:
    chains = (
        _chain(_Layer("branch3x3", 384, (3, 3), 2)),
        _chain(
            _Layer("branch3x3dbl_1", 64),
            _Layer("branch3x3dbl_2", 96, (3, 3)),
            _Layer("branch3x3dbl_3", 96, (3, 3), 2),
        ),
    )
    return _Block(inputs, chains, "halve", 0)


def _block_17(inputs: int, inner: int) -> _Block:
    chains = (
        _chain(_Layer("branch1x1", 192)),
        _chain(
            _Layer("branch7x7_1", inner),
            _Layer("branch7x7_2", inner, (1, 7)),
            _Layer("branch7x7_3", 192, (7, 1)),
        ),
        _chain(
            _Layer("branch7x7dbl_1", inner),
            _Layer("branch7x7dbl_2", inner, (7, 1)),
            _Layer("branch7x7dbl_3", inner, (1, 7)),
            _Layer("branch7x7dbl_4", inner, (7, 1)),
            _Layer("branch7x7dbl_5", 192, (1, 7)),
        ),
    )
    return _Block(inputs, chains, "mean", 192)


def _halve_to_8(inputs: int) -> _Block:
    chains = (
        _chain(_Layer("branch3x3_1", 192), _Layer("branch3x3_2", 320, (3, 3), 2)),
        _chain(
            _Layer("branch7x7x3_1", 192),
            _Layer("branch7x7x3_2", 192, (1, 7)),
            _Layer("branch7x7x3_3", 192, (7, 1)),
            _Layer("branch7x7x3_4", 192, (3, 3), 2),
        ),
    )
    return _Block(inputs, chains, "halve", 0)


def _block_8(inputs: int, pool: str) -> _Block:
    def fork(name: str) -> tuple[_Layer, ...]:
        return _Layer(f"{name}a", 384, (1, 3)), _Layer(f"{name}b", 384, (3, 1))

    chains = (
        _chain(_Layer("branch1x1", 320)),
        (*_chain(_Layer("branch3x3_1", 384)), fork("branch3x3_2")),
        (
            *_chain(_Layer("branch3x3dbl_1", 448), _Layer("branch3x3dbl_2", 384, (3, 3))),
            fork("branch3x3dbl_3"),
        ),
    )
    return _Block(inputs, chains, pool, 192)


class Inception(nn.Module):
    """Gives the 2048 pooled features, and the classes' logits from them."""

    def __init__(self) -> None:
        super().__init__()
        layers = {
            "Conv2d_1a_3x3": _Convolution(3, 32, (3, 3), 2, padded=False),
            "Conv2d_2a_3x3": _Convolution(32, 32, (3, 3), 1, padded=False),
            "Conv2d_2b_3x3": _Convolution(32, 64, (3, 3), 1, padded=True),
            "Conv2d_3b_1x1": _Convolution(64, 80, (1, 1), 1, padded=True),
            "Conv2d_4a_3x3": _Convolution(80, 192, (3, 3), 1, padded=False),
            "Mixed_5b": _block_35(192, 32),
            "Mixed_5c": _block_35(256, 64),
            "Mixed_5d": _block_35(288, 64),
            "Mixed_6a": _halve_to_17(288),
            "Mixed_6b": _block_17(768, 128),
            "Mixed_6c": _block_17(768, 160),
            "Mixed_6d": _block_17(768, 160),
            "Mixed_6e": _block_17(768, 192),
            "Mixed_7a": _halve_to_8(768),
            "Mixed_7b": _block_8(1280, "mean"),
            "Mixed_7c": _block_8(2048, "max"),
        }
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.fc = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 2048"]:
        """Returns pooled features of RGB pictures of any size, values in [0, 255]."""
        x = (resized(x) - 128) / 128
        *layers, _ = self.named_children()
        for name, layer in layers:
            x = layer(x)
            if name in _POOLED_AFTER:
                x = F.max_pool2d(x, 3, 2)
        return x.mean((2, 3))

    def logits(self, features: Float[Tensor, "b 2048"]) -> Float[Tensor, "b 1008"]:
        """Returns the classes' logits; the score is defined without their bias."""
        return features @ self.fc.weight.T


def resized(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 299 299"]:
    """Returns pictures as TensorFlow 1's bilinear resize makes them.

    Output pixel k reads from position k * size / 299: pixel centres are not aligned, and nothing is
    smoothed where pictures shrink.
    """
    for axis in (2, 3):
        size = x.shape[axis]
        position = torch.arange(SIDE_PX, dtype=x.dtype) * (size / SIDE_PX)
        before = position.long()
        after = (before + 1).clamp_max(size - 1)
        share = position - before
        share = share[:, None] if axis == 2 else share
        x = torch.lerp(x.index_select(axis, before), x.index_select(axis, after), share)
    return x
