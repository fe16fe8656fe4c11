"""Runs a local network over a large picture in tiles, without seams and in bounded memory.

A tile is computed with a halo at least as wide as the network's receptive field, and the halo is
cut off its output. The grid is fixed by the caller, never by the memory at hand.
Axes: b batch, c channels, h height, w width.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class TileGrid:
    """Side of a tile and width of its halo in input positions, and output size per input size."""

    side: int
    halo: int
    scale: Fraction

    def __post_init__(self) -> None:
        if self.side % self.scale.denominator or self.halo % self.scale.denominator:
            raise ValueError(f"side {self.side}, halo {self.halo}: not multiples of the stride")

    def scaled(self, length: int) -> int:
        """Returns the output positions that ``length`` input positions become."""
        return int(length * self.scale)


def run_in_tiles(
    network: Callable[[Tensor], tuple[Tensor, ...]], x: Tensor, grid: TileGrid
) -> tuple[Tensor, ...]:
    """Returns what ``network`` gives for all of ``x`` (b, c, h, w), each output (b, ., h', w')."""
    height, width = x.shape[2:]
    if height <= grid.side and width <= grid.side:
        return network(x)
    whole: list[Tensor] = []
    for top, bottom in _spans(height, grid.side):
        for left, right in _spans(width, grid.side):
            above, before = max(0, top - grid.halo), max(0, left - grid.halo)
            tile = x[:, :, above : bottom + grid.halo, before : right + grid.halo]
            outputs = network(tile)
            if not whole:
                size = grid.scaled(height), grid.scaled(width)
                whole = [out.new_empty((*out.shape[:2], *size)) for out in outputs]
            rows = slice(grid.scaled(top), grid.scaled(bottom))
            columns = slice(grid.scaled(left), grid.scaled(right))
            skip_rows, skip_columns = grid.scaled(top - above), grid.scaled(left - before)
            for target, out in zip(whole, outputs, strict=True):
                num_rows, num_columns = rows.stop - rows.start, columns.stop - columns.start
                target[:, :, rows, columns] = out[
                    :,
                    :,
                    skip_rows : skip_rows + num_rows,
                    skip_columns : skip_columns + num_columns,
                ]
    return tuple(whole)


def _spans(length: int, side: int) -> Iterator[tuple[int, int]]:
    for start in range(0, length, side):
        yield start, min(start + side, length)


def one_output(network: Callable[[Tensor], Tensor]) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """Returns ``network`` in the form that ``run_in_tiles`` calls, without gradients."""

    @torch.inference_mode()
    def run(x: Tensor) -> tuple[Tensor, ...]:
        return (network(x),)

    return run
