"""Runs a local network over a large picture in tiles, without seams and in bounded memory.

Axes: b batch, c channels, h height, w width.
"""

from collections.abc import Callable, Sequence

import numpy as np

from sidelight.tiling import TileGrid


def run_in_tiles(
    network: Callable[[np.ndarray], Sequence[np.ndarray]], x: np.ndarray, grid: TileGrid
) -> list[np.ndarray]:
    """Returns what ``network`` gives for all of ``x`` (b, c, h, w), each output (b, ., h', w')."""
    height, width = x.shape[2:]
    if height <= grid.side and width <= grid.side:
        return list(network(x))
    whole: list[np.ndarray] = []
    for tile in grid.tiles(height, width):
        outputs = network(x[:, :, *tile.source])
        if not whole:
            size = grid.scaled(height), grid.scaled(width)
            whole = [np.empty((*out.shape[:2], *size), out.dtype) for out in outputs]
        for target, out in zip(whole, outputs, strict=True):
            target[:, :, *tile.target] = out[:, :, *tile.inner]
    return whole
