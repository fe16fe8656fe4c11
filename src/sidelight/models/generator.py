"""Generator G: HiFiC's decoder with an SSA block at the end of each stage (choice C4).

Axes: b batch, c channels, h and w latent height and width, t text.
"""

from itertools import pairwise
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from sidelight.config import ModelConfig
from sidelight.nn.linear_path import BlockSynthesis
from sidelight.nn.norm import ChannelNorm
from sidelight.nn.ssa import SSABlock, run_stages


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


class Trunk(nn.Module):
    """First stage: widens the latent, then residual blocks with a skip around all of them."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.widths[-1]
        self.head = nn.Sequential(
            ChannelNorm(config.latent_channels),
            nn.Conv2d(config.latent_channels, width, 3, padding=1),
            ChannelNorm(width),
        )
        self.blocks = nn.Sequential(
            *(ResidualBlock(width) for _ in range(config.residual_blocks[0]))
        )

    def forward(self, y_hat: Float[Tensor, "b c_in h w"]) -> Float[Tensor, "b c_out h w"]:
        """Returns features at stride 16."""
        features = self.head(y_hat)
        return features + self.blocks(features)


class GeneratorOutput(NamedTuple):
    """The picture and the mask of each SSA block, if any, from stride 16 to the finest."""

    x_hat: Float[Tensor, "b 3 16*h 16*w"]
    masks: list[Tensor]


class Generator(nn.Module):
    """Maps the quantised latent and a text vector to a picture."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        coarse_to_fine = config.widths[::-1]
        stages: list[nn.Module] = [Trunk(config)]
        for (wide, narrow), num_blocks in zip(
            pairwise(coarse_to_fine), config.residual_blocks[1:], strict=True
        ):
            stages.append(
                nn.Sequential(
                    nn.ConvTranspose2d(wide, narrow, 3, 2, 1, output_padding=1),
                    ChannelNorm(narrow),
                    nn.ReLU(),
                    *(ResidualBlock(narrow) for _ in range(num_blocks)),
                )
            )
        self.stages = nn.ModuleList(stages)
        self.ssa = nn.ModuleList(
            SSABlock(
                width,
                text_width=config.text_width,
                text_hidden=config.text_hidden,
                mask_channels=mask_channels,
            )
            for width, mask_channels in zip(coarse_to_fine, config.mask_channels, strict=True)
            if config.ssa
        )
        self.to_pixels = _to_pixels(config)
        self.linear: BlockSynthesis | None = None
        if config.linear_paths:
            self.linear = BlockSynthesis(config.latent_channels, config.linear_kernel)

    def forward(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b 3 16*h 16*w"]:
        """Returns the picture, near [0, 1] but not clamped."""
        return self.with_masks(y_hat, text).x_hat

    def with_masks(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> GeneratorOutput:
        """Returns the picture and where each SSA block let the text act."""
        features, masks = run_stages(self.stages, self.ssa, y_hat, text)
        x_hat = self.to_pixels(features)
        if self.linear is not None:
            x_hat = x_hat + self.linear(y_hat)
        return GeneratorOutput(x_hat, masks)


def _to_pixels(config: ModelConfig) -> nn.Sequential:
    finest = config.widths[0]
    if config.stem_stride == 1:
        last, rest = nn.Conv2d(finest, 3, 7, padding=3), []
    else:
        last, rest = nn.Conv2d(finest, 12, 3, padding=1), [nn.PixelShuffle(2)]
    nn.init.constant_(last.get_parameter("bias"), 0.5)  # training starts from mid-gray
    return nn.Sequential(last, *rest)
