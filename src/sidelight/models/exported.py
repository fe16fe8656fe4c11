"""A trained codec as it codes pictures: float transforms around integers.

Large pictures pass the transforms in tiles, where the model declares what these read around a
position. The grid belongs to the model, so a file never depends on the memory at hand.
Axes: b batch, c latent channels, n hyper channels, t text, h and w height and width of what a
function is given: a picture (multiples of 64), a latent or a hyper-latent.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from sidelight.bitstream.quality import LATENT_STRIDE, step_to_quality
from sidelight.entropy.latents import MEAN_BITS, Latents, by_rounding, round_half_up
from sidelight.entropy.model import EntropyModel
from sidelight.entropy.stored import to_arrays
from sidelight.models.base import HyperpriorCodec
from sidelight.models.config import CodecConfig, ModelConfig
from sidelight.models.freeze import freeze
from sidelight.models.gain import QualityGain
from sidelight.nn.tiles import one_output, run_in_tiles
from sidelight.tiling import CodecTiles


class ExportedModel(nn.Module):
    """What a checkpoint holds: a model for inference, and its integers if it decides bits."""

    config: ModelConfig
    """Its shape."""

    def fix(self) -> None:
        """Makes the modules ready for inference: they can no longer be trained."""
        self.eval().requires_grad_(requires_grad=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def integers(self) -> dict[str, np.ndarray]:
        """Returns what is stored beside the weights."""
        return {}


class ExportedCodec(ExportedModel):
    """The transforms and gains for inference, and the frozen entropy model.

    It takes over the model it is made from, which can no longer be trained.
    """

    config: CodecConfig

    def __init__(self, model: HyperpriorCodec, frozen: EntropyModel | None = None) -> None:
        super().__init__()
        self.config = model.config
        self._text: Tensor | None = None
        self.encoder_reads_text = model.encoder_reads_text
        self.frozen = frozen or freeze(model)
        for name in model.in_training_only:
            setattr(model, name, None)
        self.model = model
        self.fix()
        self.tiles = CodecTiles.of(model.halos)

    def integers(self) -> dict[str, np.ndarray]:
        """Returns the frozen entropy model."""
        return to_arrays(self.frozen)

    def told(self, text: Float[Tensor, "1 t"]) -> "ExportedCodec":
        """Returns the model, with shared weights, as it codes pictures of this caption.

        Only a codec whose encoder reads the text needs it.
        """
        same = copy.copy(self)
        same._text, same.frozen = text, self.frozen.told(text.numpy())
        return same

    def analyse(self, image: UInt8[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns the latent y before any gain, the same for every quality."""
        none = torch.zeros(1, self.config.text_width, dtype=torch.float32)
        text = (none if self._text is None else self._text).expand(len(image), -1)

        def encode(tile: Tensor) -> Tensor:
            x = tile.float().div_(255)
            return self.model.analyse(x.contiguous(memory_format=torch.channels_last), text)

        (y,) = run_in_tiles(one_output(encode), image, self.tiles.g_a)
        return y

    def quantise(self, y: Float[Tensor, "b c h w"], step: int) -> Latents:
        """Returns the integers for one quality step, whatever the step where there is one rate."""
        y = self._at(self.model.latent_gain, QualityGain.gain, y, step)
        (z,) = run_in_tiles(one_output(self.model.h_a), y, self.tiles.h_a)
        z = self._at(self.model.hyper_gain, QualityGain.gain, z, step)
        return self.frozen.latents(round_half_up(z.numpy()), step, by_rounding(y.numpy()))

    def dequantise(self, latents: Latents, step: int) -> Float[Tensor, "b c h w"]:
        """Returns y_hat in the range that g_s reads."""
        y_hat = torch.from_numpy(latents.fixed_point()).float() * 2.0**-MEAN_BITS
        return self._at(self.model.latent_gain, QualityGain.inverse, y_hat, step)

    def synthesise(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"], *, bf16: bool
    ) -> UInt8[Tensor, "b 3 16*h 16*w"]:
        """Returns 8-bit pictures, computed in bfloat16 or float32."""

        def decode(tile: Tensor) -> Tensor:
            tile = tile.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                x_hat = self.model.synthesise(tile, text)
            return x_hat.float().mul(255).round_().clamp_(0, 255).to(torch.uint8)

        (image,) = run_in_tiles(one_output(decode), y_hat, self.tiles.g_s)
        return image

    @torch.inference_mode()
    def masks(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> list[Float[Tensor, "b 1 _ _"]]:
        """Returns the mask of every SSA block, coarse to fine, at the picture's size."""

        def decode(tile: Tensor) -> tuple[Tensor, ...]:
            masks = self.model.with_masks(tile, text).masks
            size = [LATENT_STRIDE * side for side in tile.shape[2:]]
            # one size for all, so that tiles can be joined
            return tuple(nn.functional.interpolate(mask, size) for mask in masks)

        return list(run_in_tiles(decode, y_hat, self.tiles.g_s))

    @torch.inference_mode()
    def _at(
        self,
        gain: QualityGain | None,
        factors: Callable[[QualityGain, Tensor], Tensor],
        latent: Tensor,
        step: int,
    ) -> Tensor:
        """Returns a latent times the factors of a quality step, if there are any."""
        if gain is None:
            return latent
        position = self.model.config.level_position(step_to_quality(step))
        return latent * factors(gain, torch.tensor([position], dtype=torch.float32))
