"""A trained model as it codes pictures: float E, h_a and G around the frozen hyperprior.

Large pictures pass E, h_a and G in tiles whose grid belongs to the model, so a file never depends
on the memory at hand. Axes: b batch, c latent channels, n hyper channels, t text, h and w height
and width of what a function is given: a picture (multiples of 64), a latent or a hyper-latent.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import ClassVar

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from sidelight.bitstream.quality import LATENT_STRIDE, step_to_quality
from sidelight.config import ModelConfig
from sidelight.entropy.latents import MEAN_BITS, Latents, by_rounding, round_half_up
from sidelight.entropy.model import EntropyModel
from sidelight.models.codec_model import CodecModel
from sidelight.models.freeze import freeze
from sidelight.nn.tiles import one_output, run_in_tiles
from sidelight.tiling import TileGrid

_PICTURE_TILE = 1024
"""Pixels along a tile of E; another value gives other files, though all decode."""
_GENERATOR_TILE = 96
"""Latents along a tile of G: the halo then costs 1.8 times the work, in about 1 GiB."""


class ExportedModel(nn.Module):
    """E, h_a, the gains and G for inference, and the frozen hyperprior.

    It takes over the modules of the model it is made from and fixes them: that model can no longer
    be trained.
    """

    encoder_reads_text: ClassVar[bool] = False

    def __init__(self, model: CodecModel, frozen: EntropyModel | None = None) -> None:
        super().__init__()
        self.config = model.config
        self.encoder = model.encoder
        self.analysis = model.hyperprior.analysis
        self.generator = model.generator
        self.latent_gain = model.latent_gain
        self.hyper_gain = model.hyper_gain
        self.frozen = frozen or freeze(model)
        self.eval().requires_grad_(requires_grad=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        halo = encoder_halo(self.config)
        self._encoder_grid = TileGrid(_PICTURE_TILE, halo, Fraction(1, LATENT_STRIDE))
        self._analysis_grid = TileGrid(_PICTURE_TILE // LATENT_STRIDE, 8, Fraction(1, 4))
        self._generator_grid = TileGrid(
            _GENERATOR_TILE, generator_halo(self.config), Fraction(LATENT_STRIDE)
        )

    def _at(self, gain: Callable[[Tensor], Tensor], step: int) -> Tensor:
        with torch.inference_mode():
            place = self.config.level_position(step_to_quality(step))
            return gain(torch.tensor([place], dtype=torch.float32))

    def analyse(self, image: UInt8[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns the latent y before any gain, the same for every quality."""

        def encode(tile: Tensor) -> Tensor:
            x = tile.float().div_(255)
            return self.encoder(x.contiguous(memory_format=torch.channels_last))

        (y,) = run_in_tiles(one_output(encode), image, self._encoder_grid)
        return y

    def quantise(self, y: Float[Tensor, "b c h w"], step: int) -> Latents:
        """Returns the integers for one quality step."""
        gained = y * self._at(self.latent_gain.gain, step)
        (z,) = run_in_tiles(one_output(self.analysis), gained, self._analysis_grid)
        z = z * self._at(self.hyper_gain.gain, step)
        z_symbols = round_half_up(z.numpy())
        return self.frozen.latents(z_symbols, step, by_rounding(gained.numpy()))

    def dequantise(self, latents: Latents, step: int) -> Float[Tensor, "b c h w"]:
        """Returns y_hat in the range that G reads."""
        y_hat = torch.from_numpy(latents.fixed_point()).float() * 2.0**-MEAN_BITS
        return y_hat * self._at(self.latent_gain.inverse, step)

    def synthesise(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"], *, bf16: bool
    ) -> UInt8[Tensor, "b 3 16*h 16*w"]:
        """Returns 8-bit pictures, computed in bfloat16 or float32."""

        def decode(tile: Tensor) -> Tensor:
            tile = tile.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                x_hat = self.generator(tile, text)
            return x_hat.float().mul(255).round_().clamp_(0, 255).to(torch.uint8)

        (image,) = run_in_tiles(one_output(decode), y_hat, self._generator_grid)
        return image

    @torch.inference_mode()
    def masks(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> list[Float[Tensor, "b 1 _ _"]]:
        """Returns the mask of every SSA block, coarse to fine."""

        def decode(tile: Tensor) -> tuple[Tensor, ...]:
            masks = self.generator.with_masks(tile, text).masks
            size = [LATENT_STRIDE * side for side in tile.shape[2:]]
            # one size for all, so that tiles can be joined
            return tuple(nn.functional.interpolate(mask, size) for mask in masks)

        return list(run_in_tiles(decode, y_hat, self._generator_grid))


def encoder_halo(config: ModelConfig) -> int:
    """Returns the picture pixels around a latent that E reads, up to a multiple of 64."""
    stride = config.stem_stride
    reach = config.stem_kernel // 2
    for _ in config.widths[1:]:
        reach += stride
        stride *= 2
    return 64 * math.ceil((reach + stride) / 64)


def generator_halo(config: ModelConfig) -> int:
    """Returns the latent positions around a pixel's that G reads, up to a multiple of 4."""
    reach, stride = 1.0, 1  # the head's convolution; stride counts output per latent
    for num_blocks in config.residual_blocks:
        if stride > 1:
            reach += 2 / stride  # one input position of the transposed convolution
        reach += (2 * num_blocks + 1) / stride  # blocks and the mask's convolution
        stride *= 2
    return 4 * math.ceil((reach + 3 / (stride / 2)) / 4)
