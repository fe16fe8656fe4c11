"""Hyperprior P: hyper-analysis, two hyper-syntheses and the factorised prior (HiFiC).

This is the float network that trains. Files are coded with its frozen, integer copy
(models/freeze.py). Axes: b batch, c latent channels, n hyper channels.
"""

from jaxtyping import Float
from torch import Tensor, nn

from sidelight.config import ModelConfig
from sidelight.models.prior import MIN_SCALE, FactorizedPrior
from sidelight.nn.rounding import lower_bound


class Hyperprior(nn.Module):
    """Predicts mean and scale of every latent from the hyper-latent z."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        c, n = config.latent_channels, config.hyper_channels
        self.analysis = nn.Sequential(
            nn.Conv2d(c, n, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(n, n, 5, 2, 2),
            nn.ReLU(),
            nn.Conv2d(n, n, 5, 2, 2),
        )
        self.mean_synthesis = _synthesis(n, c)
        self.scale_synthesis = _synthesis(n, c)
        self.prior = FactorizedPrior(n)

    def forward(
        self, z_hat: Float[Tensor, "b n h w"]
    ) -> tuple[Float[Tensor, "b c 4*h 4*w"], Float[Tensor, "b c 4*h 4*w"]]:
        """Returns means and scales (standard deviations >= 0.11) in quantisation steps."""
        return self.mean_synthesis(z_hat), lower_bound(self.scale_synthesis(z_hat), MIN_SCALE)


def _synthesis(n: int, c: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(n, n, 5, 2, 2, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(n, n, 5, 2, 2, output_padding=1),
        nn.ReLU(),
        nn.Conv2d(n, c, 3, padding=1),
    )
