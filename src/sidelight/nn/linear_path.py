"""Linear paths beside E and G, between pixel blocks and latents; beyond the paper.

A fresh E and G pass hardly more than the mean colour; the linear paths carry the block from the
first step, and the networks learn what a linear transform cannot (docs/model.md). They run in
float32 under autocast too, since they carry the picture's brightness.

Axes: b batch, c latent channels, h and w height and width of what a function is given.
"""

from jaxtyping import Float
from torch import Tensor, autocast, nn

from sidelight.bitstream.quality import LATENT_STRIDE

BLOCK_VALUES = 3 * LATENT_STRIDE**2
"""Colour values in a block of 16x16 pixels, in the order of ``nn.PixelUnshuffle``."""


class BlockAnalysis(nn.Module):
    """Each latent is a linear function of its own block of pixels."""

    def __init__(self, latent_channels: int) -> None:
        super().__init__()
        self.to_block = nn.PixelUnshuffle(LATENT_STRIDE)
        self.project = nn.Conv2d(BLOCK_VALUES, latent_channels, 1)

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns the latents' linear part."""
        with autocast(x.device.type, enabled=False):
            return self.project(self.to_block(x))


class BlockSynthesis(nn.Module):
    """Each block of pixels is a linear function of its own latent, or of those around it too.

    A kernel of 3 lets blocks grow into each other, so that no grid shows where they meet.
    """

    def __init__(self, latent_channels: int, kernel: int = 1) -> None:
        super().__init__()
        self.project = nn.Conv2d(latent_channels, BLOCK_VALUES, kernel, padding=kernel // 2)
        self.to_pixels = nn.PixelShuffle(LATENT_STRIDE)

    def forward(self, y_hat: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 3 16*h 16*w"]:
        """Returns the picture's linear part."""
        with autocast(y_hat.device.type, enabled=False):
            return self.to_pixels(self.project(y_hat))
