"""Small files that would cost much memory or time: refused by what they state, before any work."""

import contextlib
import struct
from typing import Any

from PIL import Image

from sidelight.errors import ImageError
from sidelight.pixels.jpeg_segments import num_scans
from sidelight.pixels.size import SMALL_FILE_PIXELS, check_size

_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_LARGEST_TILE_PX = 2**24
_MOST_SCANS = 500
"""As many as libjpeg-turbo's own fuzzers take; encoders write ten, optimisers below a hundred."""
ICON = b"\0\0\1\0"
"""How an icon starts."""
_NUM_ICONS = struct.Struct("<4xH")
_ICON = struct.Struct("<12xI")
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE = struct.Struct(">16x2I")
_BITMAP_SIZE = struct.Struct("<4x2i4xI")
_RUN_LENGTHS = (1, 2)


def check_scans(data: bytes) -> None:
    """Looks how often a JPEG goes over all of its picture; a scan of a few bytes may do so.

    Raises:
        ImageError: Oftener than any encoder has it.
    """
    if (scans := num_scans(data)) > _MOST_SCANS:
        raise ImageError(f"JPEG with {scans} scans, the limit is {_MOST_SCANS}; save it again")


def check_claims(image: Image.Image, data: bytes, max_pixels: int | None) -> None:
    """Checks what an opened image will take.

    Args:
        image: Of which only the header is read.
        data: The file.
        max_pixels: As for ``check_size``.

    Raises:
        ImageError: More than is let through.
    """
    is_slow = any(tile[0] == "bmp_rle" for tile in getattr(image, "tile", ()))
    _check(*image.size, len(data), max_pixels, is_slow=is_slow)
    if image.format == "TIFF":
        _check_tiles(image)


def check_icons(data: bytes, max_pixels: int | None) -> None:
    """Checks the pictures in an icon, whose directory may belie them: Pillow decodes them at once.

    Raises:
        ImageError: One is larger than what is let through.
    """
    (count,) = _NUM_ICONS.unpack_from(data.ljust(_NUM_ICONS.size, b"\0"))
    for entry in range(_NUM_ICONS.size, _NUM_ICONS.size + _ICON.size * count, _ICON.size):
        with contextlib.suppress(struct.error):  # what is not there, Pillow will miss
            (start,) = _ICON.unpack_from(data, entry)
            if data.startswith(_PNG, start):
                width, height = _PNG_SIZE.unpack_from(data, start)
                _check(width, height, len(data), max_pixels)
                continue
            width, height, compression = _BITMAP_SIZE.unpack_from(data, start)
            if width > 0 and height > 1:  # of the picture and of its mask
                is_slow = compression in _RUN_LENGTHS
                _check(width, height // 2, len(data), max_pixels, is_slow=is_slow)


def _check(
    width: int, height: int, num_bytes: int, max_pixels: int | None, *, is_slow: bool = False
) -> None:
    check_size(width, height, max_pixels=max_pixels, num_bytes=num_bytes)
    if is_slow and max_pixels is None:  # Pillow unpacks them in Python, pixel by pixel
        check_size(width, height, max_pixels=SMALL_FILE_PIXELS)


def _check_tiles(image: Image.Image) -> None:
    """Refuses a TIFF whose tiles are far larger than its picture: one takes memory as a whole."""
    tags: Any = getattr(image, "tag_v2", {})
    sides = tags.get(_TILE_WIDTH, 1), tags.get(_TILE_HEIGHT, 1)
    if not all(isinstance(side, int) for side in sides):
        raise ImageError(f"TIFF with tiles of {sides} px, expected two numbers")
    if sides[0] * sides[1] > max(_LARGEST_TILE_PX, 4 * image.width * image.height):
        raise ImageError(
            f"TIFF of {image.width}x{image.height} px in tiles of {sides[0]}x{sides[1]} px, the "
            f"limit is {_LARGEST_TILE_PX} px a tile; save it without tiles"
        )
