"""Another learned codec as it codes pictures: float transforms around an integer entropy model.

Pictures pass whole: their transforms have no tiles, so memory grows with the picture.
Axes: b batch, n hyper channels, c latent channels, t text, h and w height and width of what a
function is given: a picture (multiples of 64), a latent or a hyper-latent.
"""

import copy

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from sidelight.bitstream.quality import LATENT_STRIDE
from sidelight.entropy.latents import MEAN_BITS, Latents, by_rounding, round_half_up
from sidelight.entropy.model import EntropyModel
from sidelight.models.baseline import BaselineModel
from sidelight.models.cheng2020 import Cheng2020
from sidelight.models.freeze import freeze

_REPLACED = ("prior", "h_s", "context", "entropy_parameters", "word_rows", "consistency")
"""Modules whose work the integers do, and one that only training needs."""


class ExportedBaseline(nn.Module):
    """The transforms for inference, and the frozen entropy model.

    It takes over the model it is made from, which can no longer be trained.
    """

    def __init__(self, model: BaselineModel, frozen: EntropyModel | None = None) -> None:
        super().__init__()
        self.config = model.config
        self._text: Tensor | None = None
        self.encoder_reads_text = model.encoder_reads_text
        self.frozen = frozen or freeze(model)
        for name in _REPLACED:
            if hasattr(model, name):
                setattr(model, name, None)
        self.model = model
        self.eval().requires_grad_(requires_grad=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def told(self, text: Float[Tensor, "1 t"]) -> "ExportedBaseline":
        """Returns the model, with shared weights, as it codes pictures of this caption.

        Only a codec whose encoder reads the text needs it.
        """
        same = copy.copy(self)
        same._text, same.frozen = text, self.frozen.told(text.numpy())
        return same

    @torch.inference_mode()
    def analyse(self, image: UInt8[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns the latent y."""
        x = image.float().div_(255).contiguous(memory_format=torch.channels_last)
        text = x.new_zeros(1, self.config.text_width) if self._text is None else self._text
        return self.model.analyse(x, text.expand(len(x), -1))

    @torch.inference_mode()
    def quantise(self, y: Float[Tensor, "b c h w"], step: int) -> Latents:
        """Returns the integers; there is one rate, whatever the quality step."""
        z_symbols = round_half_up(self.model.h_a(y).numpy())
        return self.frozen.latents(z_symbols, step, by_rounding(y.numpy()))

    def dequantise(self, latents: Latents, step: int) -> Float[Tensor, "b c h w"]:  # noqa: ARG002
        """Returns y_hat."""
        return torch.from_numpy(latents.fixed_point()).float() * 2.0**-MEAN_BITS

    @torch.inference_mode()
    def synthesise(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"], *, bf16: bool
    ) -> UInt8[Tensor, "b 3 16*h 16*w"]:
        """Returns 8-bit pictures, computed in bfloat16 or float32."""
        y_hat = y_hat.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            x_hat = self.model.synthesise(y_hat, text)
        return x_hat.float().mul(255).round_().clamp_(0, 255).to(torch.uint8)

    @torch.inference_mode()
    def masks(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> list[Float[Tensor, "b 1 _ _"]]:
        """Returns the mask of every SSA block, coarse to fine, at the picture's size."""
        if not isinstance(self.model, Cheng2020):
            return []
        size = [LATENT_STRIDE * side for side in y_hat.shape[2:]]
        masks = self.model.with_masks(y_hat, text).masks
        return [nn.functional.interpolate(mask, size) for mask in masks]
