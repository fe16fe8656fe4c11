"""Grain: what film, sensor and fine texture add at random, and a codec spends no bits on.

As in AV1's film grain (its specification, section 7.18.3): noise of a given spectrum, whose
strength is told for each place. There the encoder tells it; here the generator does, from what it
sees. A network without a source of noise can fill a flat area with nothing but what repeats.
Axes: b batch, c channels, h and w height and width.
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

_EDGES_PX = (0.4, 1.0, 2.2)
"""Each octave lies between two Gaussian blurs of these standard deviations."""
_KERNEL = 9
_LEVEL = 1 / 255
_START = 0.54
"""``softplus`` of it is 1 level. From none at all there would be no way: more noise and less of it
are alike there, so that no gradient leads off."""


class Grain(nn.Module):
    """Maps features and white noise to grain; a fresh one gives each octave one level."""

    octaves: Tensor

    def __init__(self, channels: int, stride: int) -> None:
        """Reads features of ``channels`` at ``stride``."""
        super().__init__()
        self._stride = stride
        num_octaves = len(_EDGES_PX) - 1
        self.to_strength = nn.Conv2d(channels, num_octaves * stride**2, 3, padding=1)
        nn.init.zeros_(self.to_strength.weight)
        nn.init.constant_(self.to_strength.get_parameter("bias"), _START)
        self.register_buffer("octaves", _octaves())

    def forward(
        self, features: Float[Tensor, "b c _ _"], noise: Float[Tensor, "n 1 h w"]
    ) -> Float[Tensor, "b 1 h w"]:
        """Returns what is added to each colour, on the scale of [0, 1]."""
        strength = F.softplus(F.pixel_shuffle(self.to_strength(features), self._stride).float())
        bands = F.conv2d(noise.to(features.dtype), self.octaves.to(features.dtype), padding="same")
        return _LEVEL * (strength * bands).sum(1, keepdim=True)


def _octaves() -> Float[Tensor, "o 1 k k"]:
    """Returns filters that make octaves of variance 1 from white noise."""
    distance = torch.arange(_KERNEL) - _KERNEL // 2
    blurs = []
    for deviation in _EDGES_PX:
        line = torch.exp(-0.5 * (distance / deviation).square())
        kernel = torch.outer(line, line)
        blurs.append(kernel / kernel.sum())
    bands = torch.stack([fine - coarse for fine, coarse in pairwise(blurs)])
    return (bands / bands.square().sum((1, 2), keepdim=True).sqrt())[:, None]
