"""Runs a local network over a large picture in tiles, without seams and in bounded memory.

Axes: b batch, c channels, h height, w width.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from sidelight.tiling import TileGrid


def run_in_tiles(
    network: Callable[[Tensor], tuple[Tensor, ...]], x: Tensor, grid: TileGrid
) -> tuple[Tensor, ...]:
    """Returns what ``network`` gives for all of ``x`` (b, c, h, w), each output (b, ., h', w')."""
    height, width = x.shape[2:]
    if height <= grid.side and width <= grid.side:
        return network(x)
    whole: list[Tensor] = []
    for tile in grid.tiles(height, width):
        outputs = network(x[:, :, *tile.source])
        if not whole:
            size = grid.scaled(height), grid.scaled(width)
            whole = [out.new_empty((*out.shape[:2], *size)) for out in outputs]
        for target, out in zip(whole, outputs, strict=True):
            target[:, :, *tile.target] = out[:, :, *tile.inner]
    return tuple(whole)


def one_output(network: Callable[[Tensor], Tensor]) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """Returns ``network`` in the form that ``run_in_tiles`` calls, without gradients."""

    @torch.inference_mode()
    def run(x: Tensor) -> tuple[Tensor, ...]:
        return (network(x),)

    return run
