"""Which parts of a picture a metric of sets reads (FID/256 of Mentzer et al. 2020, choice C23b)."""

from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8

from sidelight.errors import ImageError

TILE_PX = 256

Cut = Callable[[UInt8[np.ndarray, "h w 3"]], list[UInt8[np.ndarray, "p q 3"]]]


def tiles(image: UInt8[np.ndarray, "h w 3"]) -> list[UInt8[np.ndarray, "256 256 3"]]:
    """Returns all whole tiles of two grids, the second begun at half a tile down and right.

    Tiles that the border cuts are left out, so that the second grid has any only where both sides
    measure 384 px.

    Raises:
        ImageError: The picture is smaller than one tile.
    """
    height, width, _ = image.shape
    if min(height, width) < TILE_PX:
        raise ImageError(
            f"{width}x{height} px hold no tile of {TILE_PX}x{TILE_PX} px: pass over such pictures "
            f"by --min-side {TILE_PX}, or squeeze all by --side {TILE_PX}"
        )
    return [
        image[top : top + TILE_PX, left : left + TILE_PX]
        for start in (0, TILE_PX // 2)
        for top in range(start, height - TILE_PX + 1, TILE_PX)
        for left in range(start, width - TILE_PX + 1, TILE_PX)
    ]


def whole(image: UInt8[np.ndarray, "h w 3"]) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Returns the picture as its only patch."""
    return [image]


PATCHES: dict[str, Cut] = {"tiles": tiles, "whole": whole}
