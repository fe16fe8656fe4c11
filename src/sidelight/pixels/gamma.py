"""PNG's own statement of gamma and primaries (chunks gAMA and cHRM), where no profile says more."""

import numpy as np
from PIL import Image

from sidelight.pixels.strips import row_strips

_SRGB_GAMMA = 1 / 2.2
_NEAR = 0.01  # viewers take these for sRGB too
_POSSIBLE = (0.1, 10.0)
_SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_LINEAR_PART = 0.0031308


def gamma_to_srgb(planes: np.ndarray, image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns planes (h, w, 3) as sRGB, and notes on what an image states that is not.

    Args:
        planes: 8-bit, not yet converted; they are written over.
        image: With PNG's statements in its ``info``; a profile there, or sRGB, comes first.
    """
    if image.info.get("icc_profile") or "srgb" in image.info:
        return planes, ()
    notes: tuple[str, ...] = ()
    primaries = image.info.get("chromaticity")
    if primaries is not None and not np.allclose(primaries, _SRGB_PRIMARIES, atol=_NEAR):
        notes = ("colours read with sRGB's primaries, though the PNG states others (cHRM)",)
    gamma = image.info.get("gamma")
    if gamma is None or abs(gamma - _SRGB_GAMMA) <= _NEAR:
        return planes, notes
    if not _POSSIBLE[0] <= gamma <= _POSSIBLE[1]:
        return planes, (*notes, f"impossible gamma {gamma:g} of the PNG passed over")
    linear = (np.arange(256) / 255) ** (1 / gamma)
    curve = np.where(linear <= _LINEAR_PART, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    table = np.rint(255 * curve).astype(np.uint8)
    for rows in row_strips(*planes.shape[:2]):
        planes[rows] = table[planes[rows]]
    return planes, (*notes, f"gamma {gamma:g} converted to sRGB's")
