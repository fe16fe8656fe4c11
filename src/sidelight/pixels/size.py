"""Which sizes of pictures are read."""

from sidelight.errors import ImageError
from sidelight.limits import MAX_PIXELS, MAX_SIDE


def check_size(width: int, height: int, *, max_pixels: int = MAX_PIXELS) -> None:
    """Checks a stated size, in pixels, before memory is taken for it.

    Raises:
        ImageError: It is empty or beyond the limits.
    """
    if min(width, height) < 1:
        raise ImageError(f"size {width}x{height} px, so a picture without pixels")
    if max(width, height) > MAX_SIDE or width * height > max_pixels:
        raise ImageError(
            f"size {width}x{height} px, the limit is {MAX_SIDE} px a side and {max_pixels} px "
            "in all (--max-pixels); scale the picture down or cut it"
        )
