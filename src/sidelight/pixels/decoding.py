"""Bytes of a picture file -> Picture. Whatever the bytes, only ImageError and MemoryError leave."""

import dataclasses

from sidelight.errors import ImageError, is_out_of_memory
from sidelight.pixels.depth import settle_depth
from sidelight.pixels.jpeg_xl import decode_jpeg_xl, is_jpeg_xl
from sidelight.pixels.opening import load_pixels, open_picture
from sidelight.pixels.picture import Picture, from_pillow


def decode_picture(data: bytes, *, max_pixels: int | None = None) -> Picture:
    """Returns the first frame of a picture file; ``kinds.FORMATS`` lists what is read.

    Args:
        data: The whole file.
        max_pixels: Larger pictures are refused by their header; None for what ``check_size`` says.

    Raises:
        ImageError: The bytes are no picture, a broken one, or too large; or they are JPEG XL or
            HEIC and that extra is not installed.
        MemoryError: There was not enough.
    """
    try:
        if is_jpeg_xl(data):
            return decode_jpeg_xl(data, max_pixels=max_pixels)
        return _decode(data, max_pixels)
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # Pillow's plug-ins raise whatever their parser met
        if is_out_of_memory(error):
            raise MemoryError from error
        raise ImageError(
            f"picture is truncated or broken ({error or type(error).__name__}); "
            "fetch or export it again"
        ) from error


def _decode(data: bytes, max_pixels: int | None) -> Picture:
    image, data, notes = open_picture(data, max_pixels=max_pixels)
    with image:
        load_pixels(image, max_pixels=max_pixels)
        settled, depth_notes = settle_depth(image, data)
        picture = from_pillow(settled)
    return dataclasses.replace(picture, notes=notes + depth_notes + picture.notes)
