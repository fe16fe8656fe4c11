"""Pictures in sRGB, for where their profile cannot go along."""

from dataclasses import replace

import numpy as np

from sidelight.pixels.picture import Picture, to_pillow
from sidelight.pixels.profiles import gray_to_srgb, rgb_to_srgb

_ROUNDING = 1
"""Levels by which a conversion from sRGB to sRGB is off."""


def to_srgb(picture: Picture) -> Picture:
    """Returns the picture without its profile, in colours that are right without it.

    ``notes`` say that it was converted, where that changed anything.
    """
    if picture.icc is None:
        return picture
    bare = to_pillow(replace(picture, alpha=None))
    converted = gray_to_srgb(bare) if picture.gray else rgb_to_srgb(bare)
    # luma of equal planes, so that gray stays gray
    image = np.asarray(converted.convert("L" if picture.gray else "RGB").convert("RGB"))
    if np.abs(image.astype(np.int16) - picture.image).max() <= _ROUNDING:
        return replace(picture, icc=None)
    notes = (*picture.notes, "converted to sRGB, without its ICC profile")
    return replace(picture, image=image, icc=None, notes=notes)
