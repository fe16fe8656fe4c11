"""A trained carrier generator as it improves pictures: whole ones or, where large, in tiles.

Axes: b batch, h and w picture height and width, t text.
"""

import math
from fractions import Fraction

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from sidelight.models.carrier import CarrierGenerator
from sidelight.models.config import CarrierConfig
from sidelight.models.exported import ExportedModel, eight_bits
from sidelight.nn.caller import own_settings
from sidelight.runtime.carrier import CARRIER_TILE, carrier_fingerprint, grown
from sidelight.runtime.noise import noise, standardised
from sidelight.runtime.tiles import run_in_tiles
from sidelight.tiling import Region, TileGrid


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
        self._grid = TileGrid(CARRIER_TILE, carrier_halo(self.config), Fraction(1))

    def fingerprint(self) -> bytes:
        """Returns 8 bytes that tell these weights from others, as they are kept in a checkpoint."""
        return carrier_fingerprint(
            {
                name: value.cpu().numpy()
                for name, value in self.state_dict().items()
                if not name.endswith("num_batches_tracked")
            }
        )

    @own_settings()
    def improve(
        self,
        pictures: UInt8[np.ndarray, "b h w 3"],
        text: Float[np.ndarray, "b t"],
        realism: float,
        *,
        precision: str = "auto",
        drawn_share: float = 1.0,
    ) -> UInt8[np.ndarray, "b h w 3"]:
        """As for every carrier generator (runtime/networks.py)."""
        computing = self._in_bf16(precision)
        if drawn_share == 0:
            return pictures
        vectors = self._tensor(text)

        @torch.inference_mode()
        def redraw(tile: np.ndarray, at: Region) -> tuple[np.ndarray]:
            x = self._images(tile).float().div_(255)
            with computing:
                x_hat = self.generator(x, vectors, _spread(realism, x), self._noise(at))
            return (eight_bits(torch.lerp(x, x_hat, drawn_share)),)

        (image,) = run_in_tiles(
            redraw,
            pictures.transpose(0, 3, 1, 2),
            self._grid,
            multiple=self.config.stride,
            by_pixel=True,
        )
        height, width = pictures.shape[1:3]
        return image.transpose(0, 2, 3, 1)[:, :height, :width]

    @own_settings()
    def masks(
        self, pictures: UInt8[np.ndarray, "b h w 3"], text: Float[np.ndarray, "b t"], realism: float
    ) -> list[Float[np.ndarray, "b h w"]]:
        """As for every carrier generator."""
        vectors = self._tensor(text)

        @torch.inference_mode()
        def predict(tile: np.ndarray, _: Region) -> list[np.ndarray]:
            x = self._images(tile).float().div_(255)
            masks = self.generator.with_masks(x, vectors, _spread(realism, x)).masks
            return [grown(mask.cpu().numpy(), tile.shape[2] // mask.shape[2]) for mask in masks]

        masks = run_in_tiles(
            predict, pictures.transpose(0, 3, 1, 2), self._grid, multiple=self.config.stride
        )
        height, width = pictures.shape[1:3]
        return [mask[:, 0, :height, :width] for mask in masks]

    def _noise(self, at: Region) -> Tensor | None:
        return standardised(self._images(noise(at)).float()) if self.config.grain else None


def _spread(realism: float, x: Tensor) -> Tensor:
    return x.new_full((len(x),), realism)


def carrier_halo(config: CarrierConfig) -> int:
    """Returns the pixels around one that it depends on, up to a multiple of the stride."""
    reach = 2.0  # the stem, at stride 2
    for level, (down, up) in enumerate(
        zip(config.encoder_blocks, reversed(config.decoder_blocks), strict=True), 1
    ):
        stride = 2**level
        # two convolutions a block, the mask's, and what the way to the next stage groups
        reach += stride * (2 * (down + up) + 1) + stride
    reach += 2  # the last convolution; the noise's filters reach less far
    return config.stride * math.ceil(reach / config.stride)
