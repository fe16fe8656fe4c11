"""What E, P and G minimise (paper eq. 3 to 5, choice C1).

Stage 1: lambda * rate + k_M * MSE + k_P * LPIPS; stage 2 adds beta * adversarial term. lambda
multiplies the *rate*, as in the paper's eq. (3). TGIC adds its own consistency term in both.
Axes: b batch, h and w picture size.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.models.base import TrainingOutput

TRAINED_METRICS = {"mse_weight": "psnr", "lpips_weight": "lpips"}
"""The metric that a term of ``DistortionConfig`` improves directly, by its name in tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistortionConfig(StrictConfig):
    """Weights of the distortion terms."""

    mse_weight: float = 0.075 * 2**-5
    """k_M, on squared errors of the 0-255 scale."""
    lpips_weight: float = 1.0
    """k_P; at 0 LPIPS is not computed at all."""
    consistency_weight: float = 0.0
    """Of the term of models that have one (tgic)."""

    def __post_init__(self) -> None:
        for name in ("mse_weight", "lpips_weight", "consistency_weight"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must be >= 0, got {getattr(self, name)}")


class Loss(NamedTuple):
    """The total that is minimised and its terms before weighting, each a mean over the batch."""

    total: Float[Tensor, ""]
    bpp: Float[Tensor, ""]
    mse: Float[Tensor, ""]
    lpips: Float[Tensor, ""]
    adversarial: Float[Tensor, ""]
    """Zero in stage 1."""
    consistency: Float[Tensor, ""]
    """Zero for models without this term."""


def rate_distortion(
    output: TrainingOutput,
    x: Float[Tensor, "b 3 h w"],
    lmbda: Float[Tensor, " b"],
    *,
    lpips: LPIPS | None,
    config: DistortionConfig,
    balance: float = 0.0,
    adversarial: Float[Tensor, " b"] | None = None,
    adversarial_weight: float = 0.0,
) -> Loss:
    """Returns the loss of a batch whose pictures may each have their own ``lmbda``.

    Each picture's term is divided by ``lmbda ** balance``. At 0 the pictures of the lowest rates,
    whose lmbda is a hundred times that of the highest, have nearly all of the gradient, and the
    transforms that all rates share never learn to keep detail.

    Raises:
        ValueError: ``lpips`` is None though its weight is not 0.
    """
    mse = (255 * (output.x_hat - x)).square().mean((1, 2, 3))
    perceptual = torch.zeros_like(mse)
    if config.lpips_weight > 0:
        if lpips is None:
            raise ValueError(f"lpips_weight is {config.lpips_weight}, but there is no LPIPS")
        perceptual = lpips(x, output.x_hat)
    fooling = torch.zeros_like(mse) if adversarial is None else adversarial
    consistency = torch.zeros_like(mse) if output.consistency is None else output.consistency
    total = (
        lmbda * output.bpp
        + config.mse_weight * mse
        + config.lpips_weight * perceptual
        + adversarial_weight * fooling
        + config.consistency_weight * consistency
    ) / lmbda**balance
    terms = (output.bpp, mse, perceptual, fooling, consistency)
    return Loss(total.mean(), *(term.mean().detach() for term in terms))
