"""Gain vectors: several rates from one model; beyond the paper.

After Cui et al., "Asymmetric gained deep image compression", CVPR 2021.

Axes: b batch, c channels, k quality levels.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class QualityGain(nn.Module):
    """One vector of gains and one of inverse gains for each quality level.

    A position p in [0, k - 1] between two levels gives the geometric mean of their gains, weighted
    by the distance. Both vectors are learned; the inverse only starts as the reciprocal.
    """

    def __init__(self, channels: int, num_levels: int, *, lowest: float, highest: float) -> None:
        super().__init__()
        levels = torch.linspace(lowest, highest, num_levels).log() if num_levels > 1 else None
        start = torch.zeros(1) if levels is None else levels
        self.log_gain = nn.Parameter(start[:, None].repeat(1, channels))
        self.log_inverse = nn.Parameter(-start[:, None].repeat(1, channels))

    def gain(self, position: Float[Tensor, " b"]) -> Float[Tensor, "b c 1 1"]:
        """Returns the factors that scale a latent before it is rounded."""
        return interpolate_levels(self.log_gain, position).exp()[..., None, None]

    def inverse(self, position: Float[Tensor, " b"]) -> Float[Tensor, "b c 1 1"]:
        """Returns the factors that bring a rounded latent back to its range."""
        return interpolate_levels(self.log_inverse, position).exp()[..., None, None]


def interpolate_levels(
    levels: Float[Tensor, "k ..."], position: Float[Tensor, " b"]
) -> Float[Tensor, "b ..."]:
    """Returns rows of ``levels`` at real positions in [0, k - 1], linear between neighbours."""
    low = position.floor().long().clamp(0, max(len(levels) - 2, 0))
    high = (low + 1).clamp_max(len(levels) - 1)
    weight = (position - low).reshape(-1, *[1] * (levels.dim() - 1))
    return levels[low] * (1 - weight) + levels[high] * weight
