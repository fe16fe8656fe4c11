"""Exact integer convolution: the same integers on every machine (docs/determinism.md).

Weights, activations and sums are integers carried in float64. As long as no partial sum reaches
2^53, float64 adds them without rounding, so neither the order of the sums nor the number of
threads nor the instruction set can change a result. ``ExactStack`` proves the bound when it is
made. Axes: b batch, i input channels, o output channels, h height, w width.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float64
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.errors import CheckpointError
from sidelight.nn.masked import MaskedConv2d

EXACT_LIMIT = 2**53
"""Below this magnitude float64 holds every integer."""
FRACTION_BITS = 12
"""Activations between the layers are integers in units of 2^-12."""
ACTIVATION_LIMIT = 2**24 - 1
"""Activations are clamped to this magnitude: 4096 in units of one."""
RELU, LINEAR = 0, 2**FRACTION_BITS
"""Negative slopes of an activation, in units of 2^-12."""
_WEIGHT_LIMIT = 2**15 - 1
_MAX_SHIFT = 53


@dataclass(frozen=True, slots=True)
class ExactLayer:
    """One integer convolution: ``floor((conv(x, weight) + bias) / 2^shift + 1/2)``, clamped.

    Behind it its activation, and if asked for a pixel shuffle.
    """

    weight: Tensor
    """int16 (o, i, k, k), or (i, o, k, k) for the transposed convolution."""
    bias: Tensor
    """int64 (o,), in the unit of the sums."""
    shift: int
    transposed: bool
    """A transposed convolution of stride 2 that doubles the size, else one of stride 1."""
    negative_slope: int = RELU
    """What negative values are multiplied by, in units of 2^-12 and rounded half up."""
    upscale: int = 1
    """How many times wider and higher a pixel shuffle makes the output."""

    @classmethod
    def from_float(
        cls,
        conv: nn.Conv2d | nn.ConvTranspose2d,
        *,
        output_fraction_bits: int = FRACTION_BITS,
        negative_slope: int = RELU,
        upscale: int = 1,
    ) -> "ExactLayer":
        """Returns the layer with its weights rounded to 16 bits."""
        weight = conv.masked_weight if isinstance(conv, MaskedConv2d) else conv.weight
        weight = weight.detach().double()
        weight_bits = _spare_bits(weight.abs().max().item())
        scale = 2.0 ** (weight_bits + FRACTION_BITS)
        if conv.bias is None:
            raise ValueError("an exact layer is made from a convolution with a bias")
        return cls(
            weight=torch.round(weight * 2.0**weight_bits).to(torch.int16),
            bias=torch.round(conv.bias.detach().double() * scale).to(torch.int64),
            shift=weight_bits + FRACTION_BITS - output_fraction_bits,
            transposed=isinstance(conv, nn.ConvTranspose2d),
            negative_slope=negative_slope,
            upscale=upscale,
        )

    @property
    def channels(self) -> tuple[int, int]:
        """How many channels it reads and gives."""
        first, second = self.weight.shape[:2]
        inputs, outputs = (first, second) if self.transposed else (second, first)
        return inputs, outputs // self.upscale**2

    def largest_sum(self) -> int:
        """Returns a bound on every partial sum, for inputs within the activation limit."""
        over = (0, 2, 3) if self.transposed else (1, 2, 3)
        weights = self.weight.long().abs().sum(over).tolist()
        rounding = 2 ** max(self.shift - 1, 0)
        # Python's integers: in int64 a damaged bias could overflow to a small bound
        return rounding + max(
            weight * ACTIVATION_LIMIT + abs(bias)
            for weight, bias in zip(weights, self.bias.tolist(), strict=True)
        )

    def __call__(
        self, x: Float64[Tensor, "b i h w"], *, padded: bool = True
    ) -> Float64[Tensor, "b o _ _"]:
        """Returns integers; without padding only those that no border touches."""
        weight, bias = self.weight.double(), self.bias.double()
        pad = weight.shape[-1] // 2 if padded else 0
        if self.transposed:
            sums = F.conv_transpose2d(x, weight, bias, stride=2, padding=pad, output_padding=1)
        else:
            sums = F.conv2d(x, weight, bias, padding=pad)
        values = torch.floor(sums * 2.0**-self.shift + 0.5)
        values.clamp_(0 if self.negative_slope == RELU else -ACTIVATION_LIMIT, ACTIVATION_LIMIT)
        if self.negative_slope not in (RELU, LINEAR):
            bent = torch.floor(values * (self.negative_slope / LINEAR) + 0.5)
            values = torch.where(values < 0, bent, values)
        return F.pixel_shuffle(values, self.upscale)


class ExactStack:
    """Exact layers one after another.

    Raises:
        CheckpointError: Some sum could reach 2^53, so exactness cannot be promised, or a layer
            does not fit the one before it.
    """

    def __init__(self, layers: list[ExactLayer]) -> None:
        for before, after in pairwise(layers):
            if before.channels[1] != after.channels[0]:
                raise CheckpointError(
                    f"a layer of {after.channels[0]} channels follows one of {before.channels[1]}"
                )
        for k, layer in enumerate(layers):
            if not 0 <= layer.shift < _MAX_SHIFT:
                raise CheckpointError(
                    f"layer {k}: shift must be 0 to {_MAX_SHIFT - 1}, got {layer.shift}"
                )
            if (bound := layer.largest_sum()) >= EXACT_LIMIT:
                raise CheckpointError(
                    f"layer {k}: sums may reach {bound}, the exact limit is {EXACT_LIMIT}"
                )
        self.layers = layers
        self.channels = layers[0].channels[0], layers[-1].channels[1]

    def __call__(self, x: Float64[Tensor, "b i h w"]) -> Float64[Tensor, "b o _ _"]:
        """Returns the integers of the last layer; inputs are clamped to the activation limit."""
        x = x.clamp(-ACTIVATION_LIMIT, ACTIVATION_LIMIT)
        for layer in self.layers:
            x = layer(x)
        return x

    @classmethod
    def from_float(
        cls, network: nn.Sequential, *, output_fraction_bits: int = FRACTION_BITS
    ) -> "ExactStack":
        """Returns a network of convolutions, (leaky) ReLUs and pixel shuffles as integers.

        Raises:
            TypeError: It has a layer of another kind.
        """
        groups = list(_convolution_groups(network))
        last = len(groups) - 1
        return cls(
            [
                ExactLayer.from_float(
                    conv,
                    output_fraction_bits=output_fraction_bits if k == last else FRACTION_BITS,
                    negative_slope=_negative_slope(others),
                    upscale=_upscale(others),
                )
                for k, (conv, others) in enumerate(groups)
            ]
        )


def _convolution_groups(
    network: nn.Sequential,
) -> Iterator[tuple[nn.Conv2d | nn.ConvTranspose2d, list[nn.Module]]]:
    """Yields each convolution with the layers between it and the next."""
    layers = [m for m in network.modules() if not isinstance(m, nn.Sequential)]
    places = [k for k, m in enumerate(layers) if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    for place, following in pairwise([*places, len(layers)]):
        conv = layers[place]
        assert isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
        yield conv, layers[place + 1 : following]


def _negative_slope(layers: list[nn.Module]) -> int:
    slope = LINEAR
    for layer in layers:
        match layer:
            case nn.ReLU():
                slope = RELU
            case nn.LeakyReLU():
                slope = round(layer.negative_slope * LINEAR)
            case nn.PixelShuffle():
                pass  # it moves values about, before or after the activation
            case _:
                raise TypeError(f"no integer form of {type(layer).__name__}")
    return slope


def _upscale(layers: list[nn.Module]) -> int:
    return math.prod(m.upscale_factor for m in layers if isinstance(m, nn.PixelShuffle))


def _spare_bits(largest: float) -> int:
    """Returns the largest shift that keeps ``largest`` within 16 signed bits."""
    if not 0 < largest < 2**15:
        raise CheckpointError(f"largest weight is {largest}, expected between 0 and {2**15}")
    bits = 0
    while largest * 2 ** (bits + 1) <= _WEIGHT_LIMIT and bits < 24:
        bits += 1
    return bits
