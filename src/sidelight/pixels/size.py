"""Which sizes of pictures are read."""

from sidelight.errors import ImageError
from sidelight.limits import MAX_PIXELS, MAX_SIDE


def check_size(width: int, height: int) -> None:
    """Checks a stated size, in pixels, before memory is taken for it.

    Raises:
        ImageError: It is beyond the limits.
    """
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageError(
            f"size {width}x{height} px, the limit is {MAX_SIDE} px a side and {MAX_PIXELS} px "
            "in all; scale the picture down or cut it"
        )
