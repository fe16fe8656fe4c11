"""Which sizes of pictures are read."""

from sidelight.errors import ImageError
from sidelight.limits import MAX_PIXELS, MAX_SIDE

SMALL_FILE_PIXELS = 2**24
"""What a file of any size may claim, where nobody has set a limit: seconds and 0.3 GB."""
_PIXELS_PER_BYTE = 1024
"""A larger picture of fewer bytes is blank, or made to fill the memory.

Photographs at the lowest rates have 200 pixels per byte, PNG of one colour 350."""


def check_size(
    width: int, height: int, *, max_pixels: int | None = None, num_bytes: int | None = None
) -> None:
    """Checks a stated size, in pixels, before memory is taken for it.

    Args:
        width: Of the picture.
        height: Of the picture.
        max_pixels: What somebody has set; None for 2**27, and 2**24 in small files.
        num_bytes: Of the file, where there is one.

    Raises:
        ImageError: It is empty or beyond the limits.
    """
    if min(width, height) < 1:
        raise ImageError(f"size {width}x{height} px, so a picture without pixels")
    limit = MAX_PIXELS if max_pixels is None else max_pixels
    if max(width, height) > MAX_SIDE or width * height > limit:
        raise ImageError(
            f"size {width}x{height} px, the limit is {MAX_SIDE} px a side and {limit} px "
            "in all (--max-pixels); scale the picture down or cut it"
        )
    if max_pixels is not None or num_bytes is None or width * height <= SMALL_FILE_PIXELS:
        return
    if width * height > num_bytes * _PIXELS_PER_BYTE:
        raise ImageError(
            f"size {width}x{height} px in {num_bytes} bytes, which is a blank picture or one made "
            f"to fill the memory: the limit is {SMALL_FILE_PIXELS} px for so few bytes; give "
            f"--max-pixels {width * height} if you trust it"
        )
