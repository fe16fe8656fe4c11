"""Bit depths that a file states and that Pillow's modes hide."""

from PIL import Image

from sidelight.errors import ImageError
from sidelight.pixels.modes import reduced_from

_PNG_DEPTH, _PNG_COLOUR_TYPE = 24, 25  # byte positions in IHDR, always the first chunk
_PNG_GRAY_ALPHA = 4
_TIFF_BITS_PER_SAMPLE, _TIFF_PHOTOMETRIC = 258, 262
_TIFF_WHITE_IS_ZERO = 0
_REDUCED_MODES = frozenset({"RGB", "RGBX", "RGBA", "RGBa", "CMYK"})  # others keep 16 bits


def settle_depth(image: Image.Image, data: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    """Returns the loaded image with samples and colour key on one scale, and notes.

    Args:
        image: As Pillow read it from ``data``.
        data: The whole file.

    Raises:
        ImageError: Pillow gives the samples on a scale that differs from its mode's.
    """
    if image.format == "PNG":
        return _settle_png(image, depth=data[_PNG_DEPTH], colour_type=data[_PNG_COLOUR_TYPE])
    if image.format == "TIFF":
        return image, _check_tiff(image)
    return image, ()


def _settle_png(
    image: Image.Image, *, depth: int, colour_type: int
) -> tuple[Image.Image, tuple[str, ...]]:
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int):  # samples of 2 and 4 bits arrive as 8
        image.info["transparency"] = key * 255 // (2**depth - 1)
    if depth < 16 or image.mode == "I;16":
        return image, ()
    if image.mode == "RGB" and isinstance(key, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in key)
    if colour_type == _PNG_GRAY_ALPHA:
        image = image.convert("LA")
    return image, (reduced_from(16),)


def _check_tiff(image: Image.Image) -> tuple[str, ...]:
    tags = getattr(image, "tag_v2", {})
    bits = max(tags.get(_TIFF_BITS_PER_SAMPLE, (1,)))
    if image.mode == "I;16" and bits != 16:
        raise ImageError(f"{bits}-bit gray TIFF, expected 8 or 16 bits; convert it to 16 bits")
    if image.mode == "I;16" and tags.get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO:
        raise ImageError("16-bit TIFF where 0 means white; invert it so that 0 means black")
    return (reduced_from(16),) if bits == 16 and image.mode in _REDUCED_MODES else ()
