"""The scale hyperprior (Balle et al., ICLR 2018, arXiv 1802.01436, figure 4).

Layers and widths are those of CompressAI's bmshj2018-hyperprior, whose checkpoints
models/compressai_keys.py reads. Axes: b batch, c latent channels.
"""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from sidelight.models.base import HyperpriorCodec, hyper_entrance
from sidelight.models.config import PublishedConfig
from sidelight.nn.gdn import GDN
from sidelight.nn.resampling import doubling, halving
from sidelight.tiling import Halos

HALOS = Halos(g_a=64, h_a=8, g_s=4)
"""Kernels of 5 at strides 2 to 16: 30 pixels; 7 latents below h_a, 2 around a pixel's."""


class Balle2018(HyperpriorCodec):
    """The latent is Gaussian with mean zero; the hyper-latent tells its scales."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__(config)
        n, m = config.hyper_channels, config.latent_channels
        self.g_a = analysis_transform(n, m)
        self.g_s = synthesis_transform(n, m)
        self.h_a = nn.Sequential(
            Magnitude(),
            nn.Conv2d(m, n, 3, padding=1),
            nn.ReLU(),
            halving(n, n),
            nn.ReLU(),
            halving(n, n),
        )
        self.h_s = nn.Sequential(
            *hyper_entrance(config),
            doubling(n, n),
            nn.ReLU(),
            doubling(n, n),
            nn.ReLU(),
            nn.Conv2d(n, m, 3, padding=1),
            nn.ReLU(),
        )

    @property
    def halos(self) -> Halos:
        """What the transforms read around a position."""
        return HALOS


class Magnitude(nn.Module):
    """The sign of a latent says nothing of its scale."""

    def forward(self, y: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Returns ``|y|``."""
        return y.abs()


def analysis_transform(n: int, m: int) -> nn.Sequential:
    """Returns g_a: four halvings with GDN between them, from 3 over n to m channels."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise((3, n, n, n)):
        layers += [halving(fan_in, fan_out), GDN(fan_out)]
    return nn.Sequential(*layers, halving(n, m))


def synthesis_transform(n: int, m: int) -> nn.Sequential:
    """Returns g_s: four doublings with inverse GDN between them, from m over n to 3 channels."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise((m, n, n, n)):
        layers += [doubling(fan_in, fan_out), GDN(fan_out, inverse=True)]
    last = doubling(n, 3)
    nn.init.constant_(last.get_parameter("bias"), 0.5)  # training starts from mid-gray
    return nn.Sequential(*layers, last)
