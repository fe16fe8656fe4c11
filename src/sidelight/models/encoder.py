"""Encoder E (HiFiC's). It never sees the caption.

Axes: b batch, c latent channels, h and w the picture's height and width.
"""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from sidelight.config import ModelConfig
from sidelight.nn.linear_path import BlockAnalysis
from sidelight.nn.norm import ChannelNorm


class Encoder(nn.Module):
    """Maps a picture in [0, 1] to the latent y at a sixteenth of its size."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        first, last = config.widths[0], config.widths[-1]
        layers: list[nn.Module] = [
            nn.Conv2d(
                3,
                first,
                config.stem_kernel,
                stride=config.stem_stride,
                padding=config.stem_kernel // 2,
            ),
            ChannelNorm(first),
            nn.ReLU(),
        ]
        for narrow, wide in pairwise(config.widths):
            layers += [nn.Conv2d(narrow, wide, 3, 2, 1), ChannelNorm(wide), nn.ReLU()]
        layers.append(nn.Conv2d(last, config.latent_channels, 3, padding=1))
        self.network = nn.Sequential(*layers)
        self.linear = BlockAnalysis(config.latent_channels) if config.linear_paths else None

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns y; h and w must be multiples of 16."""
        y = self.network(x)
        return y if self.linear is None else y + self.linear(x)
