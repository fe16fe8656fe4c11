"""Colour where nobody sees it: under a fully transparent alpha.

What lies there is left over from editing, and a lossy codec would spend bits on it and on its edge.
Scale k of a picture has a value for every 2**k x 2**k pixels. Floats of all pixels at once would
take ten times the picture, so whole scales are held from ``_HELD`` on; the finer ones are made
strip by strip, from the pixels, whenever they are needed.
"""

import dataclasses

import numpy as np

from sidelight.pixels.picture import Picture
from sidelight.pixels.strips import STRIP_PIXELS

_HELD = 3


def fill_transparent(picture: Picture) -> Picture:
    """Returns the picture with smooth colour, grown from what is seen, where alpha is 0."""
    alpha = picture.alpha
    if alpha is None or alpha.all():
        return picture
    step = 2**_HELD
    num_rows = max(1, STRIP_PIXELS // picture.width // step) * step
    strips = [
        slice(top, min(top + num_rows, picture.height))
        for top in range(0, picture.height, num_rows)
    ]
    sums = [_summed(picture, rows, _HELD) for rows in strips]
    held = _grown(*(np.concatenate(parts) for parts in zip(*sums, strict=True)))
    image = picture.image.copy()
    for rows in strips:
        half = slice(rows.start // 2, -(-rows.stop // 2))
        coarse = np.rint(_grown_rows(picture, held, half, 1)).clip(0, 255).astype(np.uint8)
        fine = coarse.repeat(2, 0).repeat(2, 1)[: rows.stop - rows.start, : picture.width]
        np.copyto(image[rows], fine, where=alpha[rows, :, None] == 0)
    return dataclasses.replace(picture, image=image)


def _summed(picture: Picture, rows: slice, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a scale of some of the picture's rows, which begin where one of the scale does.

    Returns:
        Colour (h, w, 3), the sum of what is seen; weight (h, w, 1), of how many pixels.
    """
    assert picture.alpha is not None
    weight = (picture.alpha[rows] > 0)[..., None].astype(np.float32)
    colour = picture.image[rows] * weight
    for _ in range(scale):
        colour, weight = _halved(colour), _halved(weight)
    return colour, weight


def _grown_rows(picture: Picture, held: np.ndarray, rows: slice, scale: int) -> np.ndarray:
    """Returns some rows of what ``_grown`` makes of a scale, of which ``held`` is ``_HELD``."""
    if scale == _HELD:
        return held[rows]
    pixels = slice(rows.start << scale, min(rows.stop << scale, picture.height))
    colour, weight = _summed(picture, pixels, scale)
    above = max(0, rows.start // 2 - 1)  # a row more to either side, as far as there are any
    below = min(-(-rows.stop // 2) + 1, -(-picture.height // 2 ** (scale + 1)))
    coarse = _grown_rows(picture, held, slice(above, below), scale + 1)
    return _filled(colour, weight, _doubled(coarse)[rows.start - 2 * above :])


def _grown(colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns colour / weight where there is weight, elsewhere that of the next coarser scale.

    Args:
        colour: (h, w, 3), the sum of what is known.
        weight: (h, w, 1), of how many pixels; 0 where there is no colour.
    """
    if weight.shape[:2] == (1, 1):
        return colour / np.maximum(weight, 1e-6)
    return _filled(colour, weight, _doubled(_grown(_halved(colour), _halved(weight))))


def _filled(colour: np.ndarray, weight: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Returns what is known, elsewhere ``coarse``, which may have more rows and columns."""
    height, width = weight.shape[:2]
    return np.where(weight > 0, colour / np.maximum(weight, 1e-6), coarse[:height, :width])


def _halved(values: np.ndarray) -> np.ndarray:
    """Returns sums of 2x2; a missing last row or column counts as 0."""
    height, width = values.shape[:2]
    if height % 2 or width % 2:
        values = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    return values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]


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
