"""E, P and G joined for training (paper section 3.1, figure 4).

Axes: b batch, c latent channels, n hyper channels, h and w picture height and width, t text.
"""

from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.config import ModelConfig
from sidelight.models.encoder import Encoder
from sidelight.models.gain import QualityGain
from sidelight.models.generator import Generator
from sidelight.models.hyperprior import Hyperprior
from sidelight.models.prior import gaussian_likelihood
from sidelight.nn.rounding import add_uniform_noise, round_straight_through


class TrainingOutput(NamedTuple):
    """What one pass in training gives, per picture."""

    x_hat: Float[Tensor, "b 3 h w"]
    y_hat: Float[Tensor, "b c h/16 w/16"]
    bpp: Float[Tensor, " b"]
    """Estimated with noise instead of rounding: the differentiable rate r(y) + r(z)."""
    bpp_rounded: Float[Tensor, " b"]
    """Estimated on rounded latents, without gradient: what steers lmbda."""
    consistency: Float[Tensor, " b"] | None = None
    """How badly picture, reconstruction and caption agree, for models that train on it (tgic)."""


class CodecModel(nn.Module):
    """The float model. ``position`` selects the rate, from 0 to ``num_levels - 1``."""

    encoder_reads_text: ClassVar[bool] = False

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.hyperprior = Hyperprior(config)
        self.generator = Generator(config)
        c, n = config.latent_channels, config.hyper_channels
        self.latent_gain = QualityGain(c, config.num_levels, lowest=1.0, highest=8.0)
        self.hyper_gain = QualityGain(n, config.num_levels, lowest=1.0, highest=2.0)

    def forward(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],
        position: Float[Tensor, " b"],
    ) -> TrainingOutput:
        """Returns reconstructions and rates; h and w must be multiples of 64."""
        num_pixels = x.shape[2] * x.shape[3]
        y = self.encoder(x).float() * self.latent_gain.gain(position)
        with torch.autocast(x.device.type, enabled=False):
            z = self.hyperprior.analysis(y) * self.hyper_gain.gain(position)
            z_noisy = add_uniform_noise(z)
            means, scales = self.hyperprior(z_noisy * self.hyper_gain.inverse(position))
            bits = bits_of(self.hyperprior.prior(z_noisy)) + bits_of(
                gaussian_likelihood(add_uniform_noise(y) - means, scales)
            )
            residual = round_straight_through(y - means)
            with torch.no_grad():
                bits_rounded = bits_of(self.hyperprior.prior(torch.floor(z + 0.5))) + bits_of(
                    gaussian_likelihood(residual, scales)
                )
        y_hat = (residual + means) * self.latent_gain.inverse(position)
        x_hat = self.generator(y_hat, text).float()
        return TrainingOutput(x_hat, y_hat, bits / num_pixels, bits_rounded / num_pixels)

    @torch.no_grad()
    def estimate_bpp(
        self, x: Float[Tensor, "b 3 h w"], position: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Returns the rate of rounded latents; h and w must be multiples of 64."""
        y = self.encoder(x) * self.latent_gain.gain(position)
        z = self.hyperprior.analysis(y) * self.hyper_gain.gain(position)
        z_hat = torch.floor(z + 0.5)
        means, scales = self.hyperprior(z_hat * self.hyper_gain.inverse(position))
        residual = torch.floor(y - means + 0.5)
        bits = bits_of(self.hyperprior.prior(z_hat)) + bits_of(
            gaussian_likelihood(residual, scales)
        )
        return bits / (x.shape[2] * x.shape[3])


def bits_of(likelihoods: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """Returns the bits that symbols of these probabilities take, per picture."""
    return -likelihoods.log2().flatten(1).sum(1)
