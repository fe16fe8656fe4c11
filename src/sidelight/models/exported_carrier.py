"""A trained carrier generator as it improves pictures: whole ones or, where large, in tiles.

Axes: b batch, h and w picture height and width, t text.
"""

import hashlib
import math
from fractions import Fraction

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from sidelight.models.carrier import CarrierGenerator
from sidelight.models.config import CarrierConfig
from sidelight.models.exported import ExportedModel
from sidelight.nn.tiles import one_output, run_in_tiles
from sidelight.tiling import TileGrid

_TILE = 1024
"""Pixels along a tile; with its halo it takes about half a gigabyte."""
_FINGERPRINT_BYTES = 8


class ExportedCarrier(ExportedModel):
    """The generator for inference. It decides no bits.

    It takes over the module that it is made from and fixes it: that can no longer be trained.
    """

    config: CarrierConfig

    def __init__(self, generator: CarrierGenerator) -> None:
        super().__init__()
        self.config = generator.config
        self.generator = generator
        self.fix()
        self._grid = TileGrid(_TILE, carrier_halo(self.config), Fraction(1))

    def fingerprint(self) -> bytes:
        """Returns 8 bytes that tell these weights from others, as they are kept in a checkpoint."""
        digest = hashlib.sha256()
        for name, value in sorted(self.state_dict().items()):
            if not name.endswith("num_batches_tracked"):
                digest.update(name.encode())
                digest.update(value.half().contiguous().numpy().tobytes())
        return digest.digest()[:_FINGERPRINT_BYTES]

    def improve(
        self,
        carrier: UInt8[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],
        realism: float,
        *,
        bf16: bool,
        drawn_share: float = 1.0,
    ) -> UInt8[Tensor, "b 3 h w"]:
        """Returns 8-bit pictures, computed in bfloat16 or float32.

        Args:
            carrier: What the carrier decodes; any size.
            text: Each caption's vector; zeros for none.
            realism: The dial, from 0 to 1.
            bf16: Whether to compute in bfloat16.
            drawn_share: How much of the residual is added, from 0 to 1.
        """
        if drawn_share == 0:
            return carrier

        def run(tile: Tensor) -> Tensor:
            x = self._floats(tile)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                x_hat = self.generator(x, text, _spread(realism, tile))
            x_hat = torch.lerp(x, x_hat, drawn_share)
            return x_hat.mul(255).round_().clamp_(0, 255).to(torch.uint8)

        height, width = carrier.shape[2:]
        (image,) = run_in_tiles(one_output(run), self._padded(carrier), self._grid)
        return image[:, :, :height, :width]

    @torch.inference_mode()
    def masks(
        self, carrier: UInt8[Tensor, "b 3 h w"], text: Float[Tensor, "b t"], realism: float
    ) -> list[Float[Tensor, "b 1 h w"]]:
        """Returns the mask of every SSA block, coarse to fine, in the picture's size."""

        def run(tile: Tensor) -> tuple[Tensor, ...]:
            masks = self.generator.with_masks(
                self._floats(tile), text, _spread(realism, tile)
            ).masks
            return tuple(F.interpolate(mask, tile.shape[2:]) for mask in masks)

        height, width = carrier.shape[2:]
        masks = run_in_tiles(run, self._padded(carrier), self._grid)
        return [mask[:, :, :height, :width] for mask in masks]

    def _padded(self, carrier: Tensor) -> Tensor:
        # the last row and column are repeated, as often as the coarsest stage needs (choice C16)
        height, width = carrier.shape[2:]
        stride = self.config.stride
        rows = torch.arange(height + -height % stride).clamp_max_(height - 1)
        columns = torch.arange(width + -width % stride).clamp_max_(width - 1)
        return carrier[:, :, rows][:, :, :, columns]

    @staticmethod
    def _floats(tile: Tensor) -> Tensor:
        return tile.float().div_(255).contiguous(memory_format=torch.channels_last)


def _spread(realism: float, tile: Tensor) -> Tensor:
    return torch.full((len(tile),), realism, dtype=torch.float32)


def carrier_halo(config: CarrierConfig) -> int:
    """Returns the pixels around one that it depends on, up to a multiple of the stride."""
    reach = 2.0  # the stem, at stride 2
    for level, (down, up) in enumerate(
        zip(config.encoder_blocks, reversed(config.decoder_blocks), strict=True), 1
    ):
        stride = 2**level
        # two convolutions a block, the mask's, and what the way to the next stage groups
        reach += stride * (2 * (down + up) + 1) + stride
    reach += 2  # the last convolution
    return config.stride * math.ceil(reach / config.stride)
