"""HiFiC (Mentzer et al. 2020) with SSA blocks: the paper's codec.

E and G have HiFiC's layers, G with an SSA block behind each stage; P is a mean-scale hyperprior of
two hyper-syntheses; gain vectors give several rates from one model. Without SSA blocks it is HiFiC
(docs/model.md). E never sees the caption.
Axes: b batch, c channels, n hyper channels, h and w height and width, t text.
"""

import math
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from sidelight.models.base import GeneratorOutput, HyperpriorCodec, ScaleAndMean
from sidelight.models.config import HiFiCConfig
from sidelight.nn.linear_path import BlockAnalysis, BlockSynthesis
from sidelight.nn.norm import ChannelNorm
from sidelight.nn.residual import ResidualBlock
from sidelight.nn.ssa import SSABlock, run_stages
from sidelight.tiling import Halos


class HiFiC(HyperpriorCodec):
    """E, P and G (paper section 3.1, figure 4)."""

    config: HiFiCConfig
    g_a: "Encoder"
    g_s: "Generator"
    h_s: ScaleAndMean

    def __init__(self, config: HiFiCConfig) -> None:
        super().__init__(config)
        c, n = config.latent_channels, config.hyper_channels
        self.g_a = Encoder(config)
        self.g_s = Generator(config)
        self.h_a = nn.Sequential(
            nn.Conv2d(c, n, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(n, n, 5, 2, 2),
            nn.ReLU(),
            nn.Conv2d(n, n, 5, 2, 2),
        )
        self.h_s = ScaleAndMean(scale=_synthesis(n, c), mean=_synthesis(n, c))

    @property
    def halos(self) -> Halos:
        """What the transforms read around a position."""
        return Halos(g_a=encoder_halo(self.config), h_a=8, g_s=generator_halo(self.config))

    def with_masks(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> GeneratorOutput:
        """Returns the picture and where each SSA block let the text act."""
        return self.g_s.with_masks(y_hat, text)


def _synthesis(n: int, c: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(n, n, 5, 2, 2, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(n, n, 5, 2, 2, output_padding=1),
        nn.ReLU(),
        nn.Conv2d(n, c, 3, padding=1),
    )


class Encoder(nn.Module):
    """Maps a picture in [0, 1] to the latent y at a sixteenth of its size."""

    def __init__(self, config: HiFiCConfig) -> None:
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


class Trunk(nn.Module):
    """First stage: widens the latent, then residual blocks with a skip around all of them."""

    def __init__(self, config: HiFiCConfig) -> None:
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


class Generator(nn.Module):
    """Maps the quantised latent and a text vector to a picture."""

    def __init__(self, config: HiFiCConfig) -> None:
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


def _to_pixels(config: HiFiCConfig) -> nn.Sequential:
    finest = config.widths[0]
    if config.stem_stride == 1:
        last, rest = nn.Conv2d(finest, 3, 7, padding=3), []
    else:
        last, rest = nn.Conv2d(finest, 12, 3, padding=1), [nn.PixelShuffle(2)]
    nn.init.constant_(last.get_parameter("bias"), 0.5)  # training starts from mid-gray
    return nn.Sequential(last, *rest)


def encoder_halo(config: HiFiCConfig) -> int:
    """Returns the picture pixels around a latent that E reads, up to a multiple of 64."""
    stride = config.stem_stride
    reach = config.stem_kernel // 2
    for _ in config.widths[1:]:
        reach += stride
        stride *= 2
    return 64 * math.ceil((reach + stride) / 64)


def generator_halo(config: HiFiCConfig) -> int:
    """Returns the latent positions around a pixel's that G reads, up to a multiple of 4."""
    reach, stride = 1.0, 1  # the head's convolution; stride counts output per latent
    for num_blocks in config.residual_blocks:
        if stride > 1:
            reach += 2 / stride  # one input position of the transposed convolution
        reach += (2 * num_blocks + 1) / stride  # blocks and the mask's convolution
        stride *= 2
    return 4 * math.ceil((reach + 3 / (stride / 2)) / 4)
