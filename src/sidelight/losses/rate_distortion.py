"""The stage-1 objective: lambda * rate + k_M * MSE + k_P * LPIPS (paper eq. 3 and 5, spec C1).

lambda multiplies the *rate*, as in the paper's eq. (3). Axes: b batch, h and w picture size.
"""

from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError
from sidelight.losses.lpips import LPIPS
from sidelight.models.codec_model import TrainingOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class DistortionConfig(StrictConfig):
    """Weights of the two distortion terms."""

    mse_weight: float = 0.075 * 2**-5
    """k_M, on squared errors of the 0-255 scale."""
    lpips_weight: float = 1.0
    """k_P."""

    def __post_init__(self) -> None:
        for name in ("mse_weight", "lpips_weight"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must be >= 0, got {getattr(self, name)}")


class Loss(NamedTuple):
    """The total that is minimised and its terms before weighting, each a mean over the batch."""

    total: Float[Tensor, ""]
    bpp: Float[Tensor, ""]
    mse: Float[Tensor, ""]
    lpips: Float[Tensor, ""]


def rate_distortion(
    output: TrainingOutput,
    x: Float[Tensor, "b 3 h w"],
    lmbda: Float[Tensor, " b"],
    *,
    lpips: LPIPS,
    config: DistortionConfig,
    balance: float = 0.0,
) -> Loss:
    """Returns the loss of a batch whose pictures may each have their own ``lmbda``.

    Each picture's term is divided by ``lmbda ** balance``. At 0 the pictures of the lowest rates,
    whose lmbda is a hundred times that of the highest, have nearly all of the gradient, and the
    transforms that all rates share never learn to keep detail.
    """
    mse = (255 * (output.x_hat - x)).square().mean((1, 2, 3))
    perceptual = lpips(x, output.x_hat)
    total = lmbda * output.bpp + config.mse_weight * mse + config.lpips_weight * perceptual
    total = total / lmbda**balance
    return Loss(total.mean(), *(term.mean().detach() for term in (output.bpp, mse, perceptual)))
