"""Every Pillow mode -> 8-bit RGB planes and alpha."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from sidelight.errors import ImageError
from sidelight.pixels.profiles import cmyk_to_srgb

REDUCED_16_BIT = "16-bit samples reduced to 8"

_GRAY = frozenset({"1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_WITH_ALPHA = frozenset({"P", "PA", "RGBA", "RGBa"})  # P may have it, PA and RGBa are converted
_COLOUR = {"RGB": (), "RGBX": (), "YCbCr": (), "HSV": (), "LAB": ("Lab converted to sRGB",)}


class Planes(NamedTuple):
    """What a mode comes down to; ``gray`` means three equal planes."""

    image: np.ndarray
    alpha: np.ndarray | None
    gray: bool = False
    notes: tuple[str, ...] = ()


def split_planes(image: Image.Image) -> Planes:
    """Returns 8-bit planes of an image in any mode; colour under alpha is kept.

    Raises:
        ImageError: The samples have no single right reading in 8 bits.
    """
    if image.mode in _GRAY:
        return _split_gray(image)
    if image.mode in _WITH_ALPHA:
        rgba = np.array(image.convert("RGBA"))
        return Planes(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]))
    if image.mode == "CMYK":
        return _split_cmyk(image)
    if image.mode not in _COLOUR:
        raise ImageError(f"pixels in mode {image.mode!r} cannot be read; convert them to RGB first")
    rgb = np.array(image if image.mode == "RGB" else image.convert("RGB"))
    key = image.info.get("transparency")
    alpha = None
    if image.mode == "RGB" and isinstance(key, tuple) and len(key) == 3:
        alpha = _alpha_from_key((rgb == key).all(axis=2))
    return Planes(rgb, alpha, notes=_COLOUR[image.mode])


def _split_gray(image: Image.Image) -> Planes:
    notes: tuple[str, ...] = ()
    alpha: np.ndarray | None = None
    if image.mode in {"LA", "La"}:
        samples, alpha = np.moveaxis(np.array(image.convert("LA")), 2, 0)
        alpha = np.ascontiguousarray(alpha)
    else:
        raw = np.asarray(image.convert("L") if image.mode == "1" else image)
        key = image.info.get("transparency")
        if isinstance(key, int):
            alpha = _alpha_from_key(raw == key)
        samples, notes = _to_8_bit(raw, image)
    return Planes(np.repeat(samples[..., None], 3, axis=2), alpha, gray=True, notes=notes)


def _split_cmyk(image: Image.Image) -> Planes:
    converted = cmyk_to_srgb(image)
    if converted is None:
        rgb = np.array(image.convert("RGB"))
        return Planes(rgb, None, notes=("CMYK converted to RGB without a profile",))
    return Planes(np.array(converted), None, notes=("CMYK converted to sRGB with its profile",))


def _to_8_bit(samples: np.ndarray, image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    if samples.dtype == np.uint8:
        return samples, ()
    if image.mode == "F":
        return _float_to_8_bit(samples), ("float samples reduced to 8 bits",)
    if image.mode == "I":
        _check_16_bit_range(samples, image)
    # 65535 / 255 = 257 is odd, so adding 128 rounds to the nearest and meets no tie.
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8), (REDUCED_16_BIT,)


def _float_to_8_bit(samples: np.ndarray) -> np.ndarray:
    low, high = samples.min(), samples.max()
    if not (low >= 0 and high <= 1):  # false for NaN too
        raise ImageError(
            f"float samples from {low:g} to {high:g}, expected 0 to 1; scale them to 0..1 first"
        )
    scaled: np.ndarray = np.rint(samples * 255)
    return scaled.astype(np.uint8)


def _check_16_bit_range(samples: np.ndarray, image: Image.Image) -> None:
    low, high = int(samples.min()), int(samples.max())
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
