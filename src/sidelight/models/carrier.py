"""Carrier generator: draws what a standard codec's bits could not hold, by the caption.

It reads the picture that a carrier (AVIF, JPEG, WebP, ...) decodes and returns that picture plus a
residual. A U-Net from stride 2 to its coarsest, skips between the two ways, an SSA block at the
end of each stage on the way up (paper section 3.2; choices C4, C5). Each stage is also told the
dial ``realism``, from the most faithful picture to the most natural one (Agustsson et al. 2023).
Axes: b batch, c channels, h height, w width, t text.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.models.config import CarrierConfig
from sidelight.nn.grain import Grain
from sidelight.nn.norm import ChannelNorm
from sidelight.nn.ssa import SSABlock

_FINEST = 2
"""Stride of the finest features."""


class CarrierOutput(NamedTuple):
    """The picture, the mask of each SSA block, coarse to fine, and what of it is grain."""

    x_hat: Float[Tensor, "b 3 h w"]
    masks: list[Tensor]
    grain: Float[Tensor, "b 1 h w"] | None
    """Contained in ``x_hat``; None where the model adds none."""


class CarrierGenerator(nn.Module):
    """Maps a carrier's picture, a text vector and the dial to a picture.

    The last layer starts at zero, so a fresh one returns the carrier's picture bit for bit; with
    ``config.grain``, at realism 0.
    """

    def __init__(self, config: CarrierConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.stem = nn.Conv2d(3 * _FINEST**2, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(
            _blocks(width, count, norm=config.norm)
            for width, count in zip(widths, config.encoder_blocks, strict=True)
        )
        self.down = nn.ModuleList(
            nn.Conv2d(fine, coarse, 2, 2) for fine, coarse in pairwise(widths)
        )
        coarse_to_fine = widths[::-1]
        self.decoder = nn.ModuleList(
            _blocks(width, count, norm=config.norm)
            for width, count in zip(coarse_to_fine, config.decoder_blocks, strict=True)
        )
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(coarse, 4 * fine, 1), nn.PixelShuffle(2))
            for coarse, fine in pairwise(coarse_to_fine)
        )
        self.dial = nn.ModuleList(DialBlock(width, config.dial_hidden) for width in coarse_to_fine)
        self.ssa = nn.ModuleList(
            SSABlock(
                width,
                text_width=config.text_width,
                text_hidden=config.text_hidden,
                mask_channels=mask_channels,
            )
            for width, mask_channels in zip(coarse_to_fine, config.mask_channels, strict=True)
        )
        self.to_residual = nn.Conv2d(widths[0], 3 * _FINEST**2, 3, padding=1)
        nn.init.zeros_(self.to_residual.weight)
        nn.init.zeros_(self.to_residual.get_parameter("bias"))
        self.grain = Grain(widths[0], _FINEST) if config.grain else None

    def forward(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],
        realism: Float[Tensor, " b"],
        noise: Float[Tensor, "n 1 h w"] | None = None,
    ) -> Float[Tensor, "b 3 h w"]:
        """Returns the picture, near [0, 1] but not clamped; arguments as for ``with_masks``."""
        return self.with_masks(x, text, realism, noise).x_hat

    def with_masks(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],
        realism: Float[Tensor, " b"],
        noise: Float[Tensor, "n 1 h w"] | None = None,
    ) -> CarrierOutput:
        """Returns the picture and where each SSA block let the text act.

        Args:
            x: What the carrier decodes, in [0, 1]; h and w are multiples of ``config.stride``.
            text: The caption's vector; zeros for none.
            realism: The dial, from 0 (faithful) to 1 (natural).
            noise: What grain is made of, for each picture or one for all: white, of mean 0 and
                variance 1. None leaves the grain out.
        """
        features = self.stem(F.pixel_unshuffle(x, _FINEST))
        skips = []
        for k, blocks in enumerate(self.encoder):
            features = blocks(features)
            if k < len(self.down):
                skips.append(features)
                features = self.down[k](features)
        masks = []
        for k, blocks in enumerate(self.decoder):
            if k > 0:
                features = self.up[k - 1](features) + skips.pop()
            features = self.dial[k](blocks(features), realism)
            ssa: SSABlock = self.ssa[k]  # type: ignore[assignment]
            masks.append(ssa.predict_mask(features))
            features = ssa.modulate(features, text, masks[-1])
        residual = F.pixel_shuffle(self.to_residual(features), _FINEST)
        x_hat = x + residual.float()
        if self.grain is None or noise is None:
            return CarrierOutput(x_hat, masks, None)
        grain = self.grain(features, noise) * realism.sqrt()[:, None, None, None]
        return CarrierOutput(x_hat + grain, masks, grain)


class DialBlock(nn.Module):
    """Scales and shifts each channel by what the dial says; a fresh one changes nothing."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.to_affine = nn.Sequential(
            nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, 2 * channels)
        )
        last = self.to_affine[-1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(
        self, x: Float[Tensor, "b c h w"], realism: Float[Tensor, " b"]
    ) -> Float[Tensor, "b c h w"]:
        """Returns features in the shape of ``x``."""
        scale, shift = self.to_affine(realism[:, None])[..., None, None].chunk(2, dim=1)
        return torch.addcmul(shift, x, 1 + scale)


class _Block(nn.Module):
    """``x + conv(ReLU(conv(norm(x))))``; the second convolution starts at zero."""

    def __init__(self, channels: int, *, norm: bool) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels) if norm else nn.Identity()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.get_parameter("bias"))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        return x + self.second(torch.relu(self.first(self.norm(x))))


def _blocks(channels: int, count: int, *, norm: bool) -> nn.Sequential:
    return nn.Sequential(*(_Block(channels, norm=norm) for _ in range(count)))
