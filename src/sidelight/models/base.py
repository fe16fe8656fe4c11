"""What every learned codec here shares: g_a, h_a, h_s, g_s, and how they train.

A model of its own file (hific.py, balle2018.py, minnen2018.py, cheng2020.py, tgic.py) brings the
layers, in the vocabulary of the field, and may add gains for several rates, a context, and text.
Axes: b batch, c latent channels (M), n hyper channels (N), p channels of the prior's parameters,
h and w picture height and width, t text.
"""

from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.models.config import CodecConfig, PublishedConfig
from sidelight.models.gain import QualityGain
from sidelight.models.prior import MIN_SCALE, FactorizedPrior, gaussian_likelihood
from sidelight.nn.masked import MaskedConv2d
from sidelight.nn.rounding import add_uniform_noise, lower_bound, round_straight_through
from sidelight.tiling import Halos


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


class GeneratorOutput(NamedTuple):
    """The picture and the mask of each SSA block, if any, coarse to fine."""

    x_hat: Float[Tensor, "b 3 16*h 16*w"]
    masks: list[Tensor]


class ScaleAndMean(nn.Module):
    """An h_s of two networks over one hyper-latent."""

    def __init__(self, scale: nn.Sequential, mean: nn.Sequential) -> None:
        super().__init__()
        self.scale, self.mean = scale, mean

    def forward(self, z_hat: Float[Tensor, "b n h w"]) -> Float[Tensor, "b p 4*h 4*w"]:
        """Returns scales, then means."""
        return torch.cat([self.scale(z_hat), self.mean(z_hat)], dim=1)


class HyperpriorCodec(nn.Module):
    """The float model. ``position`` selects the rate, from 0 to ``num_levels - 1``.

    ``h_s`` gives c channels of scales, or 2c of scales and means. With a ``context`` (a masked
    convolution over the latent) both are joined by ``entropy_parameters`` (1x1 convolutions),
    which then gives the 2c channels (Minnen et al. 2018, section 3).
    """

    encoder_reads_text: ClassVar[bool] = False
    """Whether files are made with the caption, so that none can be read without it."""
    in_training_only: ClassVar[tuple[str, ...]] = (
        *("prior", "h_s", "context", "entropy_parameters", "word_rows"),
    )
    """Modules whose work the integers do, or that nothing but training needs."""

    g_a: nn.Module
    g_s: nn.Module
    h_a: nn.Module
    h_s: nn.Module
    context: MaskedConv2d | None
    entropy_parameters: nn.Sequential | None
    word_rows: nn.Embedding | None
    """What the caption's word pieces add to z, in a codec whose entropy model reads them."""
    latent_gain: QualityGain | None
    hyper_gain: QualityGain | None
    """What scales y and z at each rate, in a codec that has several."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config
        # not as class attributes: those would hide the modules that a subclass puts here
        self.context = None
        self.entropy_parameters = None
        self.word_rows = None
        self.latent_gain = None
        self.hyper_gain = None
        if config.has_gains:
            c, n = config.latent_channels, config.hyper_channels
            self.latent_gain = QualityGain(c, config.num_levels, lowest=1.0, highest=8.0)
            self.hyper_gain = QualityGain(n, config.num_levels, lowest=1.0, highest=2.0)
        self.prior = FactorizedPrior(config.hyper_channels)

    @property
    def halos(self) -> Halos | None:
        """What the transforms read around a position; None where pictures must pass whole."""
        return None

    def analyse(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],  # noqa: ARG002
    ) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns the latent y before any gain; only a joint codec's encoder reads the text."""
        return self.g_a(x)

    def hyper_synthesis(
        self,
        z_hat: Float[Tensor, "b n h w"],
        text: Float[Tensor, "b t"],  # noqa: ARG002
    ) -> Float[Tensor, "b p 4*h 4*w"]:
        """Returns what the hyper-latent says of the latent."""
        return self.h_s(z_hat)

    def synthesise(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b 3 16*h 16*w"]:
        """Returns the picture, near [0, 1] but not clamped."""
        return self.with_masks(y_hat, text).x_hat

    def with_masks(
        self,
        y_hat: Float[Tensor, "b c h w"],
        text: Float[Tensor, "b t"],  # noqa: ARG002
    ) -> GeneratorOutput:
        """Returns the picture and where each SSA block, if any, let the text act."""
        return GeneratorOutput(self.g_s(y_hat), [])

    def means_and_scales(
        self, hyper: Float[Tensor, "b p h w"], y_hat: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
        """Returns the Gaussian of each latent; of ``y_hat`` it reads what is coded before it."""
        parameters = hyper
        if self.context is not None and self.entropy_parameters is not None:
            parameters = self.entropy_parameters(torch.cat([hyper, self.context(y_hat)], dim=1))
        if parameters.shape[1] == y_hat.shape[1]:
            return torch.zeros_like(y_hat), lower_bound(parameters, MIN_SCALE)
        scales, means = parameters.chunk(2, dim=1)
        return means, lower_bound(scales, MIN_SCALE)

    def forward(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],
        position: Float[Tensor, " b"],
    ) -> TrainingOutput:
        """Returns reconstructions and rates; h and w must be multiples of 64."""
        y = self.analyse(x, text).float()
        with torch.autocast(x.device.type, enabled=False):
            y, z = self._gained(y, position)
            z_noisy, y_noisy = add_uniform_noise(z), add_uniform_noise(y)
            z_hat = _inverse(self.hyper_gain, z_noisy, position)
            means, scales = self.means_and_scales(self.hyper_synthesis(z_hat, text), y_noisy)
            bits = bits_of(self.prior(z_noisy)) + bits_of(
                gaussian_likelihood(y_noisy - means, scales)
            )
            residual = round_straight_through(y - means)
            with torch.no_grad():
                bits_rounded = bits_of(self.prior(torch.floor(z + 0.5))) + bits_of(
                    gaussian_likelihood(residual, scales)
                )
            y_hat = _inverse(self.latent_gain, residual + means, position)
        x_hat = self.synthesise(y_hat, text).float()
        num_pixels = x.shape[2] * x.shape[3]
        return TrainingOutput(x_hat, y_hat, bits / num_pixels, bits_rounded / num_pixels)

    @torch.no_grad()
    def estimate_bpp(
        self, x: Float[Tensor, "b 3 h w"], text: Float[Tensor, "b t"], position: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Returns the rate of rounded latents; h and w must be multiples of 64."""
        y, z = self._gained(self.analyse(x, text), position)
        z_symbols = torch.floor(z + 0.5)
        hyper = self.hyper_synthesis(_inverse(self.hyper_gain, z_symbols, position), text)
        means, scales = self.means_and_scales(hyper, torch.floor(y + 0.5))
        residual = torch.floor(y - means + 0.5)
        bits = bits_of(self.prior(z_symbols)) + bits_of(gaussian_likelihood(residual, scales))
        return bits / (x.shape[2] * x.shape[3])

    def _gained(self, y: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """Returns y and z as they are rounded."""
        if self.latent_gain is None or self.hyper_gain is None:
            return y, self.h_a(y)
        y = y * self.latent_gain.gain(position)
        return y, self.h_a(y) * self.hyper_gain.gain(position)


def _inverse(gain: QualityGain | None, latent: Tensor, position: Tensor) -> Tensor:
    return latent if gain is None else latent * gain.inverse(position)


def bits_of(likelihoods: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """Returns the bits that symbols of these probabilities take, per picture."""
    return -likelihoods.log2().flatten(1).sum(1)


def hyper_entrance(config: PublishedConfig) -> list[nn.Conv2d]:
    """Returns the layers that h_s begins with: with ``shifted_hyper`` one."""
    n = config.hyper_channels
    return [nn.Conv2d(n, n, 1)] if config.shifted_hyper else []
