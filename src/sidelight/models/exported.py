"""A trained codec as it codes pictures: float transforms around integers.

Large pictures pass the transforms in tiles, where the model declares what these read around a
position. The grid belongs to the model, so a file never depends on the memory at hand.
Axes: b batch, c latent channels, n hyper channels, t text, h and w height and width of what a
function is given: a picture (multiples of 64), a latent or a hyper-latent.
"""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from sidelight.bitstream.quality import HYPER_STRIDE, LATENT_STRIDE, step_to_quality
from sidelight.entropy.arrays import to_arrays
from sidelight.entropy.latents import Latents, by_rounding, round_half_up
from sidelight.entropy.model import EntropyModel
from sidelight.models.base import HyperpriorCodec
from sidelight.models.config import CodecConfig, ModelConfig
from sidelight.models.freeze import freeze
from sidelight.models.gain import QualityGain
from sidelight.nn.caller import own_settings
from sidelight.nn.precision import uses_bf16
from sidelight.runtime.carrier import grown
from sidelight.runtime.tiles import run_in_tiles
from sidelight.tiling import CodecTiles, Region


class ExportedModel(nn.Module):
    """What a checkpoint holds: a model for inference, and its integers if it decides bits."""

    config: ModelConfig
    """Its shape."""

    @property
    def device(self) -> torch.device:
        """Where it computes; ``to`` moves it."""
        return next(self.parameters()).device

    def fix(self) -> None:
        """Makes the modules ready for inference: they can no longer be trained."""
        self.eval().requires_grad_(requires_grad=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _tensor(self, array: np.ndarray) -> Tensor:
        """Returns what its networks read."""
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _images(self, array: np.ndarray) -> Tensor:
        """Returns what its convolutions read (b, c, h, w)."""
        return self._tensor(array).contiguous(memory_format=torch.channels_last)

    def _in_bf16(self, precision: str) -> torch.autocast:
        """Returns a context of this precision."""
        asked = uses_bf16(precision, self.device)
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=asked)

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
        self._text: np.ndarray | None = None
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

    def told(self, text: Float[np.ndarray, "1 t"]) -> "ExportedCodec":
        """As for every codec (runtime/networks.py)."""
        same = copy.copy(self)
        same._text, same.frozen = text, self.frozen.told(text)
        return same

    @own_settings()
    def analyse(self, pictures: UInt8[np.ndarray, "b h w 3"]) -> Float[np.ndarray, "b c _ _"]:
        """As for every codec."""
        none = np.zeros((1, self.config.text_width), np.float32)
        text = self._tensor(none if self._text is None else self._text)

        @torch.inference_mode()
        def encode(tile: np.ndarray, _: Region) -> list[np.ndarray]:
            x = self._images(tile).float().div_(255)
            return [self.model.analyse(x, text.expand(len(x), -1)).cpu().numpy()]

        (y,) = run_in_tiles(
            encode, pictures.transpose(0, 3, 1, 2), self.tiles.g_a, multiple=HYPER_STRIDE
        )
        return y

    @own_settings()
    def quantise(self, y: Float[np.ndarray, "b c h w"], step: int) -> Latents:
        """As for every codec, whatever the step where there is one rate."""
        gain = self.gains(self.model.latent_gain, QualityGain.gain, [step])
        z = self.hyper_analyse(y * gain)
        z = z * self.gains(self.model.hyper_gain, QualityGain.gain, [step])
        return self.frozen.latents(round_half_up(z), step, by_rounding(y, gain))

    @own_settings()
    def hyper_analyse(self, y: Float[np.ndarray, "b c h w"]) -> Float[np.ndarray, "b n h/4 w/4"]:
        """As for every codec."""

        @torch.inference_mode()
        def analyse(tile: np.ndarray, _: Region) -> list[np.ndarray]:
            return [self.model.h_a(self._images(tile)).cpu().numpy()]

        (z,) = run_in_tiles(analyse, y, self.tiles.h_a)
        return z

    @own_settings()
    def dequantise(self, latents: Latents, step: int) -> Float[np.ndarray, "b c h w"]:
        """As for every codec."""
        return latents.dequantised(self.gains(self.model.latent_gain, QualityGain.inverse, [step]))

    @own_settings()
    def synthesise(
        self,
        y_hat: Float[np.ndarray, "b c h w"],
        text: Float[np.ndarray, "b t"],
        *,
        precision: str = "auto",
    ) -> UInt8[np.ndarray, "b 16*h 16*w 3"]:
        """As for every codec."""
        computing, vectors = self._in_bf16(precision), self._tensor(text)

        @torch.inference_mode()
        def decode(tile: np.ndarray, _: Region) -> list[np.ndarray]:
            with computing:
                x_hat = self.model.synthesise(self._images(tile), vectors)
            return [eight_bits(x_hat)]

        (image,) = run_in_tiles(decode, y_hat, self.tiles.g_s, by_pixel=True)
        return image.transpose(0, 2, 3, 1)

    @own_settings()
    def masks(
        self, y_hat: Float[np.ndarray, "b c h w"], text: Float[np.ndarray, "b t"]
    ) -> list[Float[np.ndarray, "b 16*h 16*w"]]:
        """As for every codec."""
        vectors = self._tensor(text)

        @torch.inference_mode()
        def decode(tile: np.ndarray, _: Region) -> list[np.ndarray]:
            masks = self.model.with_masks(self._images(tile), vectors).masks
            width = LATENT_STRIDE * tile.shape[3]
            # one size for all, so that tiles can be joined
            return [grown(mask.cpu().numpy(), width // mask.shape[3]) for mask in masks]

        return [mask[:, 0] for mask in run_in_tiles(decode, y_hat, self.tiles.g_s)]

    @torch.inference_mode()
    def gains(
        self,
        gain: QualityGain | None,
        factors: Callable[[QualityGain, Tensor], Tensor],
        steps: Sequence[int],
    ) -> Float[np.ndarray, "_ c 1 1"]:
        """Returns what a latent is multiplied by at each quality step; 1 without gains."""
        if gain is None:
            return np.ones((1, 1, 1, 1), np.float32)
        positions = [self.config.level_position(step_to_quality(step)) for step in steps]
        places = torch.tensor(positions, dtype=torch.float32, device=self.device)
        return factors(gain, places).cpu().numpy()


def eight_bits(x_hat: Float[Tensor, "b 3 h w"]) -> UInt8[np.ndarray, "b 3 h w"]:
    """Returns a picture near [0, 1] as levels."""
    return x_hat.float().mul(255).round_().clamp_(0, 255).to(torch.uint8).cpu().numpy()
