"""A codec of .slt files run by onnxruntime: whole pictures or, where large, in tiles.

Axes: b batch, c latent channels, n hyper channels, h and w picture height and width, t text.
"""

from collections.abc import Callable

import numpy as np

from sidelight.bitstream.quality import HYPER_STRIDE, LATENT_STRIDE, NUM_QUALITY_STEPS
from sidelight.entropy.latents import ONE, Latents, by_rounding, round_half_up
from sidelight.entropy.model import EntropyModel
from sidelight.errors import CheckpointError
from sidelight.runtime.cards import PREFIX, CodecCard, card_of, graph_of
from sidelight.runtime.carrier import grown
from sidelight.runtime.networks import CodecNetworks, CodecShape, is_bf16
from sidelight.runtime.tiles import run_in_tiles
from sidelight.runtime.weight_file import WeightFile
from sidelight.tiling import Region

GAINS = ("latent_gain", "latent_inverse", "hyper_gain")
"""Factors of y, of y_hat and of z at every quality step, float32 (129, c) or (129, n): they are
computed once, so that every runtime multiplies by the same numbers."""


class OnnxCodec:
    """The transforms in float32; what is asked in bfloat16, torch computes."""

    encoder_reads_text = False

    def __init__(
        self,
        config: CodecShape,
        file: WeightFile,
        frozen: EntropyModel,
        by_torch: Callable[[], CodecNetworks],
    ) -> None:
        """Takes a model's file.

        Args:
            config: Its shape.
            file: Of a codec, with its graphs.
            frozen: Its integers.
            by_torch: Gives the same model by torch.

        Raises:
            CheckpointError: A graph, a weight or the gains are missing.
        """
        card = CodecCard.from_dict(card_of(file))
        self.config, self.frozen = config, frozen
        self._g_a = graph_of(file, "g_a", card.g_a)
        self._h_a = graph_of(file, "h_a", card.h_a)
        self._g_s = graph_of(file, "g_s", card.g_s)
        self._gains = {name: _gain_of(file, name) for name in GAINS}
        self._tiles = card.tiles
        self._by_torch = by_torch
        self._torch: CodecNetworks | None = None

    def told(self, text: np.ndarray) -> "OnnxCodec":  # noqa: ARG002
        """Returns itself: no encoder that is run from a graph reads the text."""
        return self

    def analyse(self, pictures: np.ndarray) -> np.ndarray:
        """As for every codec."""
        (y,) = run_in_tiles(
            lambda tile, _: self._g_a(["y"], pixels=tile),
            pictures.transpose(0, 3, 1, 2),
            self._tiles.g_a,
            multiple=HYPER_STRIDE,
        )
        if not self._tiles.g_a.is_one_tile(*pictures.shape[1:3]):
            self._g_a.release()
        return y

    def quantise(self, y: np.ndarray, step: int) -> Latents:
        """As for every codec."""
        gain = self._at("latent_gain", step)
        z = self._hyper_analyse(y, gain) * self._at("hyper_gain", step)
        return self.frozen.latents(round_half_up(z), step, by_rounding(y, gain))

    def hyper_analyse(self, y: np.ndarray) -> np.ndarray:
        """As for every codec."""
        return self._hyper_analyse(y, ONE)

    def _hyper_analyse(self, y: np.ndarray, gain: np.ndarray) -> np.ndarray:
        (z,) = run_in_tiles(lambda tile, _: self._h_a(["z"], y=tile * gain), y, self._tiles.h_a)
        return z

    def dequantise(self, latents: Latents, step: int) -> np.ndarray:
        """As for every codec."""
        return latents.dequantised(self._at("latent_inverse", step))

    def synthesise(
        self, y_hat: np.ndarray, text: np.ndarray, *, precision: str = "auto"
    ) -> np.ndarray:
        """As for every codec."""
        if is_bf16(precision):
            if self._torch is None:
                self._torch = self._by_torch()
            return self._torch.synthesise(y_hat, text, precision=precision)
        (image,) = run_in_tiles(
            lambda tile, _: self._g_s(["image"], y_hat=tile, text=text),
            y_hat,
            self._tiles.g_s,
            by_pixel=True,
        )
        if not self._tiles.g_s.is_one_tile(*y_hat.shape[2:]):
            self._g_s.release()
        return image.transpose(0, 2, 3, 1)

    def masks(self, y_hat: np.ndarray, text: np.ndarray) -> list[np.ndarray]:
        """As for every codec."""

        def predict(tile: np.ndarray, _: Region) -> list[np.ndarray]:
            masks = self._g_s(None, y_hat=tile, text=text)[1:]
            width = LATENT_STRIDE * tile.shape[3]
            return [grown(mask, width // mask.shape[3]) for mask in masks]

        return [mask[:, 0] for mask in run_in_tiles(predict, y_hat, self._tiles.g_s)]

    def _at(self, name: str, step: int) -> np.ndarray:
        """Returns the factors of a quality step, (1, c, 1, 1); of a model without gains, 1."""
        gains = self._gains[name]
        return ONE if gains is None else gains[step][None, :, None, None]


def _gain_of(file: WeightFile, name: str) -> np.ndarray | None:
    gains = file.tensors.get(PREFIX + name)
    if gains is None:
        return None
    if gains.ndim != 2 or len(gains) != NUM_QUALITY_STEPS or gains.dtype != np.float32:
        raise CheckpointError(
            f"{name} is {gains.dtype} {gains.shape}, expected float32 ({NUM_QUALITY_STEPS}, n)"
        )
    return gains
