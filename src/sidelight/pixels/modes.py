"""Every Pillow mode -> 8-bit RGB planes and alpha."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from sidelight.errors import ImageError
from sidelight.pixels.orientation import TRANSPOSED, as_stored
from sidelight.pixels.profiles import cmyk_to_srgb
from sidelight.pixels.strips import image_strips, row_strips

_GRAY = frozenset({"1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_WITH_ALPHA = frozenset({"P", "PA", "RGBA", "RGBa"})  # P may have it, PA and RGBa are converted
_COLOUR = {"RGB": (), "RGBX": (), "YCbCr": (), "HSV": (), "LAB": ("Lab converted to sRGB",)}


def reduced_from(bits: int) -> str:
    """Returns what is told of samples that had more than 8 bits."""
    return f"{bits}-bit samples reduced to 8"


class Planes(NamedTuple):
    """What a mode comes down to; ``gray`` means three equal planes."""

    image: np.ndarray
    alpha: np.ndarray | None
    gray: bool = False
    notes: tuple[str, ...] = ()


def split_planes(image: Image.Image, orientation: int = 1) -> Planes:
    """Returns 8-bit planes of an image in any mode; colour under alpha is kept.

    Args:
        image: Whose pixels are read.
        orientation: The planes are views of arrays that lie in memory turned upright by it.

    Raises:
        ImageError: The samples have no single right reading in 8 bits.
    """
    image.load()
    if image.mode in _GRAY:
        return _split_gray(image, orientation)
    if image.mode in _WITH_ALPHA:
        return _split_rgba(image, orientation)
    if image.mode == "CMYK":
        return _split_cmyk(image, orientation)
    if image.mode not in _COLOUR:
        raise ImageError(f"pixels in mode {image.mode!r} cannot be read; convert them to RGB first")
    rgb, key = _rgb_of(image, orientation), image.info.get("transparency")
    alpha: np.ndarray | None = None
    if image.mode == "RGB" and isinstance(key, tuple) and len(key) == 3:
        alpha = _room(image, orientation)
        for rows in row_strips(image.height, image.width):
            alpha[rows] = _alpha_from_key((rgb[rows] == key).all(axis=2))
    return Planes(rgb, alpha, notes=_COLOUR[image.mode])


def _room(image: Image.Image, orientation: int, *channels: int) -> np.ndarray:
    """Returns an array for an image's samples, which lies in memory upright."""
    width, height = image.size[::-1] if orientation >= TRANSPOSED else image.size
    return as_stored(np.empty((height, width, *channels), np.uint8), orientation)


def _rgb_of(image: Image.Image, orientation: int) -> np.ndarray:
    rgb = _room(image, orientation, 3)
    for rows, strip in image_strips(image):
        rgb[rows] = np.asarray(strip if image.mode == "RGB" else strip.convert("RGB"))
    return rgb


def _split_rgba(image: Image.Image, orientation: int) -> Planes:
    rgb, alpha = _room(image, orientation, 3), _room(image, orientation)
    for rows, strip in image_strips(image):
        rgba = np.asarray(strip.convert("RGBA"))
        rgb[rows], alpha[rows] = rgba[..., :3], rgba[..., 3]
    return Planes(rgb, alpha)


def _split_gray(image: Image.Image, orientation: int) -> Planes:
    key, has_alpha = image.info.get("transparency"), image.mode in {"LA", "La"}
    is_keyed = not has_alpha and isinstance(key, int)
    notes = () if has_alpha else _check_samples(image)
    gray = _room(image, orientation, 3)
    alpha = _room(image, orientation) if has_alpha or is_keyed else None
    for rows, strip in image_strips(image):
        if alpha is not None and has_alpha:
            samples, alpha[rows] = np.moveaxis(np.asarray(strip.convert("LA")), 2, 0)
        else:
            raw = np.asarray(strip.convert("L") if image.mode == "1" else strip)
            if alpha is not None:
                alpha[rows] = _alpha_from_key(raw == key)
            samples = _to_8_bit(raw)
        gray[rows] = samples[..., None]
    return Planes(gray, alpha, gray=True, notes=notes)


def _split_cmyk(image: Image.Image, orientation: int) -> Planes:
    converted = cmyk_to_srgb(image)
    how = "RGB without a profile" if converted is None else "sRGB with its profile"
    rgb = _rgb_of(image if converted is None else converted, orientation)
    return Planes(rgb, None, notes=(f"CMYK converted to {how}",))


def _check_samples(image: Image.Image) -> tuple[str, ...]:
    """Returns notes on samples of one channel that are to be reduced to 8 bits.

    Raises:
        ImageError: Their range has no single right reading.
    """
    if image.mode in {"1", "L"}:
        return ()
    if image.mode not in {"I", "F"}:
        return (reduced_from(16),)
    ends = []
    for _, strip in image_strips(image):
        part = np.asarray(strip)
        ends.append((part.min(), part.max()))
    low, high = np.min(ends), np.max(ends)  # NaN where one is
    if image.mode == "F":
        _check_float_range(low, high)
        return ("float samples reduced to 8 bits",)
    _check_16_bit_range(int(low), int(high), image)
    return (reduced_from(16),)


def _to_8_bit(samples: np.ndarray) -> np.ndarray:
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype.kind == "f":
        return np.rint(samples * 255).astype(np.uint8)
    # 65535 / 255 = 257 is odd, so adding 128 rounds to the nearest and meets no tie.
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _check_float_range(low: float, high: float) -> None:
    if not (low >= 0 and high <= 1):  # false for NaN too
        raise ImageError(
            f"float samples from {low:g} to {high:g}, expected 0 to 1; scale them to 0..1 first"
        )


def _check_16_bit_range(low: int, high: int, image: Image.Image) -> None:
    if low < 0 or high > 65535:
        raise ImageError(
            f"32-bit samples from {low} to {high}, expected 0 to 65535; "
            "scale them to 8 or 16 bits first"
        )
    # Pillow scales PPM to the full 16 bits, so a dark one is just dark.
    if 0 < high <= 255 and image.format != "PPM":
        raise ImageError(
            f"32-bit samples from {low} to {high} could mean 8 or 16 bits; "
            "store them as 8- or 16-bit gray first"
        )


def _alpha_from_key(is_transparent: np.ndarray) -> np.ndarray:
    return np.where(is_transparent, 0, 255).astype(np.uint8)
