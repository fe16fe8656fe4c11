"""Probability models of the latents, in floating point, for training and for building tables.

Factorised prior: Balle et al. 2018, appendix 6.1 (choice C18). Gaussian: Minnen et al. 2018.
Axes: b batch, c channels, h and w latent height and width.
"""

import math
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

LIKELIHOOD_FLOOR = 1e-9
MIN_SCALE = 0.11
"""Smallest standard deviation of y, in quantisation steps."""
_FILTERS = (1, 3, 3, 3, 3, 1)


class FactorizedPrior(nn.Module):
    """A learned univariate density for each channel of the hyper-latent."""

    def __init__(self, channels: int, init_scale: float = 10.0) -> None:
        super().__init__()
        growth = init_scale ** (1 / (len(_FILTERS) - 1))
        self.matrices, self.biases, self.factors = (nn.ParameterList() for _ in range(3))
        for fan_in, fan_out in pairwise(_FILTERS):
            start = math.log(math.expm1(1 / (growth * fan_out)))
            self.matrices.append(nn.Parameter(torch.full((channels, fan_out, fan_in), start)))
            self.biases.append(nn.Parameter(torch.rand(channels, fan_out, 1) - 0.5))
        for width in _FILTERS[1:-1]:
            self.factors.append(nn.Parameter(torch.zeros(channels, width, 1)))

    def cumulative_logits(self, x: Float[Tensor, "c n"]) -> Float[Tensor, "c n"]:
        """Returns the logit of each channel's cumulative distribution at ``x``."""
        logits = x[:, None, :]
        for k, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            logits = torch.bmm(F.softplus(matrix), logits) + bias
            if k < len(self.factors):
                logits = logits + torch.tanh(self.factors[k]) * torch.tanh(logits)
        return logits[:, 0]

    def forward(self, z: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Returns the probability of the unit interval around each value."""
        by_channel = z.transpose(0, 1)
        flat = by_channel.reshape(z.shape[1], -1)
        mass = interval_mass(self.cumulative_logits(flat - 0.5), self.cumulative_logits(flat + 0.5))
        return mass.reshape(by_channel.shape).transpose(0, 1).clamp_min(LIKELIHOOD_FLOOR)


def interval_mass(lower: Float[Tensor, "..."], upper: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Returns sigmoid(upper) - sigmoid(lower), computed in the tail where it loses no digits."""
    sign = torch.where(lower + upper > 0, -1.0, 1.0).detach().to(lower.dtype)
    return (torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower)).abs()


def gaussian_likelihood(
    residual: Float[Tensor, "..."], scales: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    """Returns the mass of the unit interval around ``residual`` under N(0, scales^2)."""
    distance = residual.abs()
    upper = _standard_normal_cdf((0.5 - distance) / scales)
    lower = _standard_normal_cdf((-0.5 - distance) / scales)
    return (upper - lower).clamp_min(LIKELIHOOD_FLOOR)


def _standard_normal_cdf(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    return 0.5 * torch.erfc(x * -(2**-0.5))
