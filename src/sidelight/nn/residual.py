"""HiFiC's residual block. Axes: b batch, c channels, h and w size."""

from jaxtyping import Float
from torch import Tensor, nn

from sidelight.nn.norm import ChannelNorm


class ResidualBlock(nn.Sequential):
    """``x + CN(conv(ReLU(CN(conv(x)))))``."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, 3, padding=1),
            ChannelNorm(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            ChannelNorm(channels),
        )

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Returns features in the shape of ``x``."""
        return x + super().forward(x)
