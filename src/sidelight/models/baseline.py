"""What the other learned codecs of the paper share: g_a, h_a, an entropy model and g_s.

A model of its own file (balle2018.py, minnen2018.py, cheng2020.py, tgic.py) brings the layers, in
the vocabulary of its field; how they train is here. Rates are estimated as for ``CodecModel``.
Axes: b batch, c latent channels (M), n hyper channels (N), p channels of the prior's parameters,
h and w picture height and width, t text.
"""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.config import BaselineConfig
from sidelight.models.codec_model import TrainingOutput, bits_of
from sidelight.models.prior import MIN_SCALE, FactorizedPrior, gaussian_likelihood
from sidelight.nn.masked import MaskedConv2d
from sidelight.nn.rounding import add_uniform_noise, lower_bound, round_straight_through


class BaselineModel(nn.Module):
    """The float model of one rate.

    ``h_s`` gives c channels of scales, or 2c of scales and means. With a ``context`` (a masked
    convolution over the latent) both are joined by ``entropy_parameters`` (1x1 convolutions),
    which then gives the 2c channels (Minnen et al. 2018, section 3).
    """

    encoder_reads_text: ClassVar[bool] = False
    """Whether files are made with the caption, so that none can be read without it."""

    g_a: nn.Module
    g_s: nn.Module
    h_a: nn.Module
    h_s: nn.Sequential
    context: MaskedConv2d | None
    entropy_parameters: nn.Sequential | None
    word_rows: nn.Embedding | None
    """What the caption's word pieces add to z, in a codec whose entropy model reads them."""

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config
        # not as class attributes: those would hide the modules that a subclass puts here
        self.context = None
        self.entropy_parameters = None
        self.word_rows = None
        self.prior = FactorizedPrior(config.hyper_channels)

    def analyse(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],  # noqa: ARG002
    ) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns the latent y; only a joint codec's encoder reads the text."""
        return self.g_a(x)

    def hyper_synthesis(
        self,
        z_hat: Float[Tensor, "b n h w"],
        text: Float[Tensor, "b t"],  # noqa: ARG002
    ) -> Float[Tensor, "b p 4*h 4*w"]:
        """Returns what the hyper-latent says of the latent."""
        return self.h_s(z_hat)

    def synthesise(
        self,
        y_hat: Float[Tensor, "b c h w"],
        text: Float[Tensor, "b t"],  # noqa: ARG002
    ) -> Float[Tensor, "b 3 16*h 16*w"]:
        """Returns the picture, near [0, 1] but not clamped."""
        return self.g_s(y_hat)

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
        position: Float[Tensor, " b"],  # noqa: ARG002
    ) -> TrainingOutput:
        """Returns reconstructions and rates; h and w must be multiples of 64."""
        y = self.analyse(x, text).float()
        with torch.autocast(x.device.type, enabled=False):
            z = self.h_a(y)
            z_noisy, y_noisy = add_uniform_noise(z), add_uniform_noise(y)
            means, scales = self.means_and_scales(self.hyper_synthesis(z_noisy, text), y_noisy)
            bits = bits_of(self.prior(z_noisy)) + bits_of(
                gaussian_likelihood(y_noisy - means, scales)
            )
            residual = round_straight_through(y - means)
            with torch.no_grad():
                bits_rounded = bits_of(self.prior(torch.floor(z + 0.5))) + bits_of(
                    gaussian_likelihood(residual, scales)
                )
        y_hat = residual + means
        x_hat = self.synthesise(y_hat, text).float()
        num_pixels = x.shape[2] * x.shape[3]
        return TrainingOutput(x_hat, y_hat, bits / num_pixels, bits_rounded / num_pixels)


def hyper_entrance(config: BaselineConfig) -> list[nn.Conv2d]:
    """Returns the layers that h_s begins with in every model: with ``shifted_hyper`` one."""
    n = config.hyper_channels
    return [nn.Conv2d(n, n, 1)] if config.shifted_hyper else []
