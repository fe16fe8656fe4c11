"""Colour where nobody sees it: under a fully transparent alpha.

What lies there is left over from editing, and a lossy codec would spend bits on it and on its edge.
"""

import dataclasses

import numpy as np

from sidelight.pixels.picture import Picture

_STRIP_ROWS = 512
"""An even number; floats of all rows at once would take ten times the picture."""


def fill_transparent(picture: Picture) -> Picture:
    """Returns the picture with smooth colour, grown from what is seen, where alpha is 0."""
    if picture.alpha is None or (picture.alpha > 0).all():
        return picture
    strips = [
        slice(top, min(top + _STRIP_ROWS, picture.height))
        for top in range(0, picture.height, _STRIP_ROWS)
    ]
    colours, weights = [], []
    for rows in strips:
        seen = (picture.alpha[rows] > 0)[..., None].astype(np.float32)
        colours.append(_halved(picture.image[rows] * seen))
        weights.append(_halved(seen))
    grown = _grown(np.concatenate(colours), np.concatenate(weights))
    coarse = np.rint(grown).clip(0, 255).astype(np.uint8)
    image = picture.image.copy()
    for rows in strips:
        half = coarse[rows.start // 2 : -(-rows.stop // 2)]
        fine = half.repeat(2, 0).repeat(2, 1)[: rows.stop - rows.start, : picture.width]
        np.copyto(image[rows], fine, where=picture.alpha[rows, :, None] == 0)
    return dataclasses.replace(picture, image=image)


def _grown(colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns colour / weight where there is weight, elsewhere that of the next coarser scale.

    Args:
        colour: (h, w, 3), the sum of what is known.
        weight: (h, w, 1), of how many pixels; 0 where there is no colour.
    """
    height, width = weight.shape[:2]
    known = colour / np.maximum(weight, 1e-6)
    if height == width == 1:
        return known
    coarse = _grown(_halved(colour), _halved(weight))
    return np.where(weight > 0, known, _doubled(coarse)[:height, :width])


def _halved(values: np.ndarray) -> np.ndarray:
    """Returns sums of 2x2; a missing last row or column counts as 0."""
    height, width = values.shape[:2]
    even = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]


def _doubled(values: np.ndarray) -> np.ndarray:
    """Returns twice the size, bilinear: each value lies in the middle of its 2x2."""
    for axis in (0, 1):
        last = values.shape[axis] - 1
        before = np.take(values, np.maximum(np.arange(last + 1) - 1, 0), axis)
        after = np.take(values, np.minimum(np.arange(last + 1) + 1, last), axis)
        pair = (0.75 * values + 0.25 * before, 0.75 * values + 0.25 * after)
        shape = list(values.shape)
        shape[axis] *= 2
        values = np.stack(pair, axis + 1).reshape(shape)
    return values
