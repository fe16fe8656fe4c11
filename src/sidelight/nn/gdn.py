"""Generalised divisive normalisation and its inverse.

Balle, Laparra and Simoncelli, ICLR 2016 (arXiv 1511.06281) and 2017 (arXiv 1611.01704, appendix).
Axes: b batch, c channels, h height, w width.
"""

import torch
from jaxtyping import Float
from torch import Tensor, autocast, nn
from torch.nn import functional as F

from sidelight.nn.rounding import lower_bound

_BETA_MIN = 1e-6
_GAMMA_START = 0.1
_PEDESTAL = 2.0**-36
"""Added below the root that is stored, so that its gradient never vanishes with the value."""


class GDN(nn.Module):
    """Divides each channel by ``sqrt(beta_i + sum_j gamma_ij * x_j**2)``; the inverse multiplies.

    ``beta`` and ``gamma`` hold the square roots of the constants plus a pedestal, which keeps
    the constants from 1e-6 and from 0 upward. Runs in float32 under autocast too.
    """

    def __init__(self, channels: int, *, inverse: bool = False) -> None:
        super().__init__()
        self.inverse = inverse
        self.beta = nn.Parameter((torch.ones(channels) + _PEDESTAL).sqrt())
        self.gamma = nn.Parameter((_GAMMA_START * torch.eye(channels) + _PEDESTAL).sqrt())

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Returns features in the shape of ``x``."""
        with autocast(x.device.type, enabled=False):
            values = x.float() if x.dtype == torch.bfloat16 else x
            beta = _constants(self.beta, _BETA_MIN)
            gamma = _constants(self.gamma, 0.0)
            energy = F.conv2d(values.square(), gamma[:, :, None, None], beta)
            return values * (energy.sqrt() if self.inverse else energy.rsqrt())


def _constants(stored: Tensor, minimum: float) -> Tensor:
    return lower_bound(stored, (minimum + _PEDESTAL) ** 0.5).square() - _PEDESTAL
