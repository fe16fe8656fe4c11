"""Runs a local network over a large picture in tiles, without seams and in bounded memory.

Axes: b batch, c channels, h height, w width.
"""

from collections.abc import Callable, Sequence

import numpy as np

from sidelight.tiling import Region, TileGrid


def run_in_tiles(
    network: Callable[[np.ndarray, Region], Sequence[np.ndarray]],
    x: np.ndarray,
    grid: TileGrid,
    *,
    multiple: int = 1,
    by_pixel: bool = False,
) -> list[np.ndarray]:
    """Returns what ``network`` gives for all of ``x`` (b, c, h, w), each output (b, ., h', w').

    Args:
        network: Gives outputs of a tile and of where it lies in ``x``, padded.
        x: Both sides are padded to multiples of ``multiple``, tile by tile.
        grid: Where the tiles lie.
        multiple: Divides the side of a tile.
        by_pixel: Whether the channels of a position lie together in memory, as a picture's do.
    """
    height, width = (side + -side % multiple for side in x.shape[2:])
    if grid.is_one_tile(height, width):
        source = slice(0, height), slice(0, width)
        return list(network(_within(x, source), source))
    whole: list[np.ndarray] = []
    for tile in grid.tiles(height, width):
        outputs = network(_within(x, tile.source), tile.source)
        if not whole:
            size = grid.scaled(height), grid.scaled(width)
            whole = [_room(out, size, by_pixel=by_pixel) for out in outputs]
        for target, out in zip(whole, outputs, strict=True):
            target[:, :, *tile.target] = out[:, :, *tile.inner]
    return whole


def _within(x: np.ndarray, source: Region) -> np.ndarray:
    """Returns a region that may go beyond the last row and column: they are repeated (C16)."""
    missing = [(0, max(0, at.stop - side)) for at, side in zip(source, x.shape[2:], strict=True)]
    part = x[:, :, *source]
    return np.pad(part, ((0, 0), (0, 0), *missing), mode="edge") if any(map(any, missing)) else part


def _room(out: np.ndarray, size: tuple[int, int], *, by_pixel: bool) -> np.ndarray:
    batch, channels = out.shape[:2]
    if by_pixel:
        return np.moveaxis(np.empty((batch, *size, channels), out.dtype), -1, 1)
    return np.empty((batch, channels, *size), out.dtype)
