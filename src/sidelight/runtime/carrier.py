"""A carrier generator run by onnxruntime: whole pictures or, where large, in tiles.

Axes: b batch, h and w picture height and width, t text.
"""

import hashlib
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from sidelight.runtime.cards import CarrierCard, card_of, graph_of, is_of_graphs
from sidelight.runtime.networks import CarrierNetworks, CarrierShape, is_bf16
from sidelight.runtime.noise import noise
from sidelight.runtime.tiles import run_in_tiles
from sidelight.runtime.weight_file import WeightFile
from sidelight.tiling import Region, TileGrid

CARRIER_TILE = 1024
"""Pixels along a tile; with its halo it takes about half a gigabyte."""
_FINGERPRINT_BYTES = 8


class OnnxCarrier:
    """The generator in float32; what is asked in bfloat16, torch computes."""

    def __init__(
        self, config: CarrierShape, file: WeightFile, by_torch: Callable[[], CarrierNetworks]
    ) -> None:
        """Takes a model's file.

        Args:
            config: Its shape.
            file: Of a carrier generator, with its graphs.
            by_torch: Gives the same model by torch.

        Raises:
            CheckpointError: The graph, or a weight that it needs, is missing.
        """
        card = CarrierCard.from_dict(card_of(file))
        self.config = config
        self._graph = graph_of(file, "redraw", card.redraw)
        self._grid = TileGrid(CARRIER_TILE, card.halo, Fraction(1))
        self._fingerprint = carrier_fingerprint(file.tensors)
        self._by_torch = by_torch
        self._torch: CarrierNetworks | None = None

    def fingerprint(self) -> bytes:
        """As for every carrier generator."""
        return self._fingerprint

    def improve(
        self,
        pictures: np.ndarray,
        text: np.ndarray,
        realism: float,
        *,
        precision: str = "auto",
        drawn_share: float = 1.0,
    ) -> np.ndarray:
        """As for every carrier generator."""
        if is_bf16(precision):
            if self._torch is None:
                self._torch = self._by_torch()
            return self._torch.improve(
                pictures, text, realism, precision=precision, drawn_share=drawn_share
            )
        if drawn_share == 0:
            return pictures
        share = np.full(1, drawn_share, np.float32)

        def redraw(tile: np.ndarray, at: Region) -> list[np.ndarray]:
            return self._graph(
                ["image"],
                pixels=tile,
                text=text,
                realism=_spread(realism, tile),
                drawn_share=share,
                **self._noise(at),
            )

        (image,) = run_in_tiles(
            redraw,
            pictures.transpose(0, 3, 1, 2),
            self._grid,
            multiple=self.config.stride,
            by_pixel=True,
        )
        height, width = pictures.shape[1:3]
        if not self._grid.is_one_tile(height, width):
            self._graph.release()
        return image.transpose(0, 2, 3, 1)[:, :height, :width]

    def masks(self, pictures: np.ndarray, text: np.ndarray, realism: float) -> list[np.ndarray]:
        """As for every carrier generator."""

        def predict(tile: np.ndarray, at: Region) -> list[np.ndarray]:
            _, *masks = self._graph(
                None,
                pixels=tile,
                text=text,
                realism=_spread(realism, tile),
                drawn_share=np.ones(1, np.float32),
                **self._noise(at),
            )
            return [grown(mask, tile.shape[2] // mask.shape[2]) for mask in masks]

        height, width = pictures.shape[1:3]
        masks = run_in_tiles(
            predict, pictures.transpose(0, 3, 1, 2), self._grid, multiple=self.config.stride
        )
        return [mask[:, 0, :height, :width] for mask in masks]

    def _noise(self, at: Region) -> dict[str, np.ndarray]:
        return {"noise": noise(at)} if self.config.grain else {}


def carrier_fingerprint(tensors: dict[str, np.ndarray]) -> bytes:
    """Returns 8 bytes that tell a generator's weights, by name, from others; as float16."""
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        if not is_of_graphs(name):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(value, np.float16).tobytes())
    return digest.digest()[:_FINGERPRINT_BYTES]


def grown(mask: np.ndarray, factor: int) -> np.ndarray:
    """Returns a mask (b, 1, h, w) with every position repeated along both axes."""
    return mask.repeat(factor, axis=2).repeat(factor, axis=3)


def _spread(realism: float, tile: np.ndarray) -> np.ndarray:
    return np.full(len(tile), realism, np.float32)
