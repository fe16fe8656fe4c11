"""Hyperprior with means, alone and joined by an autoregressive context.

Minnen, Balle and Toderici, NeurIPS 2018 (arXiv 1809.02736). Layers and widths are those of
CompressAI's mbt2018-mean and mbt2018.
"""

from torch import nn

from sidelight.models.balle2018 import HALOS, analysis_transform, synthesis_transform
from sidelight.models.base import HyperpriorCodec, hyper_entrance
from sidelight.models.config import PublishedConfig
from sidelight.nn.masked import MaskedConv2d
from sidelight.nn.resampling import doubling, halving
from sidelight.tiling import Halos

_CONTEXT_KERNEL = 5


class Minnen2018MeanScale(HyperpriorCodec):
    """The hyper-latent tells means and scales; every latent can be decoded at once."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__(config)
        n, m = config.hyper_channels, config.latent_channels
        self.g_a = analysis_transform(n, m)
        self.g_s = synthesis_transform(n, m)
        self.h_a = nn.Sequential(
            nn.Conv2d(m, n, 3, padding=1),
            nn.LeakyReLU(),
            halving(n, n),
            nn.LeakyReLU(),
            halving(n, n),
        )
        self.h_s = nn.Sequential(
            *hyper_entrance(config),
            doubling(n, m),
            nn.LeakyReLU(),
            doubling(m, m * 3 // 2),
            nn.LeakyReLU(),
            nn.Conv2d(m * 3 // 2, 2 * m, 3, padding=1),
        )

    @property
    def halos(self) -> Halos:
        """What the transforms read around a position: they are Balle's."""
        return HALOS


class Minnen2018(Minnen2018MeanScale):
    """Means and scales read the latents decoded before, too: one position after another."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__(config)
        self.context = context_model(config.latent_channels)
        self.entropy_parameters = joining_network(config.latent_channels)


def context_model(m: int) -> MaskedConv2d:
    """Returns the 5x5 convolution over what is decoded before."""
    return MaskedConv2d(m, 2 * m, _CONTEXT_KERNEL)


def joining_network(m: int) -> nn.Sequential:
    """Returns the 1x1 convolutions from h_s's and the context's features to 2m parameters."""
    return nn.Sequential(
        nn.Conv2d(4 * m, m * 10 // 3, 1),
        nn.LeakyReLU(),
        nn.Conv2d(m * 10 // 3, m * 8 // 3, 1),
        nn.LeakyReLU(),
        nn.Conv2d(m * 8 // 3, 2 * m, 1),
    )
