"""Where the tiles of a large picture lie, for a network that must not see it whole.

A tile is computed with a halo at least as wide as the network's receptive field, and the halo is
cut off its output, so that no seam is left. The grid is fixed by the caller, never by the memory
at hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from sidelight.bitstream.quality import HYPER_STRIDE, LATENT_STRIDE

_PICTURE_TILE = 1024
"""Pixels along a tile of g_a; another value gives other files, though all decode."""
_SYNTHESIS_TILE = 80
"""Latents along a tile of g_s: the halo then costs twice the work, in about 0.6 GiB."""
_WHOLE = 2**24
"""A side that no picture has: one tile, where a model declares no halos."""

Region = tuple[slice, slice]
"""Rows and columns."""


class Tile(NamedTuple):
    """One tile: what the network is given, and where the sound part of its output belongs."""

    source: Region
    """Of the input, with the halo."""
    inner: Region
    """Of what the network makes of the source, without the halo."""
    target: Region
    """Of the whole output."""


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

    def is_one_tile(self, height: int, width: int) -> bool:
        """Returns whether an input of this size is a single tile."""
        return height <= self.side and width <= self.side

    def tiles(self, height: int, width: int) -> Iterator[Tile]:
        """Yields the tiles of an input of this size, row by row; a small one is a single tile."""
        for rows in self._spans(height):
            for columns in self._spans(width):
                source, inner, target = zip(rows, columns, strict=True)
                yield Tile(source, inner, target)

    def _spans(self, length: int) -> Iterator[tuple[slice, slice, slice]]:
        for start in range(0, length, self.side):
            stop = min(start + self.side, length)
            first = max(0, start - self.halo)
            skipped, kept = self.scaled(start - first), self.scaled(stop) - self.scaled(start)
            yield (
                slice(first, min(stop + self.halo, length)),
                slice(skipped, skipped + kept),
                slice(self.scaled(start), self.scaled(stop)),
            )


class Halos(NamedTuple):
    """What each transform of a codec reads around a position."""

    g_a: int
    """Picture pixels around a latent's, a multiple of 64."""
    h_a: int
    """Latents around a hyper-latent's, a multiple of 4."""
    g_s: int
    """Latents around a pixel's."""


class CodecTiles(NamedTuple):
    """Where the tiles of each transform of a codec lie."""

    g_a: TileGrid
    h_a: TileGrid
    g_s: TileGrid

    @classmethod
    def of(cls, halos: Halos | None) -> "CodecTiles":
        """Returns the tiles of a codec; None for one that large pictures pass whole."""
        picture, latent = _PICTURE_TILE, _SYNTHESIS_TILE
        if halos is None:
            halos, picture, latent = Halos(0, 0, 0), _WHOLE, _WHOLE
        return cls(
            g_a=TileGrid(picture, halos.g_a, Fraction(1, LATENT_STRIDE)),
            h_a=TileGrid(
                picture // LATENT_STRIDE, halos.h_a, Fraction(LATENT_STRIDE, HYPER_STRIDE)
            ),
            g_s=TileGrid(latent, halos.g_s, Fraction(LATENT_STRIDE)),
        )
