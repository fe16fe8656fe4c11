"""Alpha plane <-> bytes, lossless: an 8-bit gray PNG."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from sidelight.errors import CorruptBitstreamError
from sidelight.limits import MAX_PIXELS
from sidelight.pixels.opening import load_pixels, open_picture

_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"  # signature, then length and type of a header
_HEADER = struct.Struct(">II5B")  # width, height, depth, colour type, three methods
_GRAY_8_BIT = (8, 0, 0, 0, 0)


def pack_alpha(alpha: np.ndarray) -> bytes:
    """Returns a uint8 (h, w) plane as PNG."""
    if alpha.dtype != np.uint8 or alpha.ndim != 2 or alpha.size == 0:
        raise ValueError(f"alpha must be uint8 (h, w), got {alpha.dtype} {alpha.shape}")
    stream = BytesIO()
    Image.fromarray(alpha).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def unpack_alpha(payload: bytes, width: int, height: int) -> np.ndarray:
    """Returns the uint8 (height, width) plane that ``pack_alpha`` packed.

    Raises:
        CorruptBitstreamError: Not a PNG, another size or kind of samples, or damaged.
    """
    _check_header(payload, width, height)
    try:
        image = open_picture(payload, max_pixels=MAX_PIXELS).image
        with image:
            load_pixels(image, max_pixels=MAX_PIXELS)
            alpha = np.array(image)
    except Exception as error:  # Pillow raises whatever its parser met
        raise CorruptBitstreamError(f"alpha plane cannot be decoded: {error}") from error
    if alpha.shape != (height, width) or alpha.dtype != np.uint8:
        raise CorruptBitstreamError(
            f"alpha plane is {alpha.dtype} {alpha.shape}, expected uint8 {(height, width)}"
        )
    return alpha


def _check_header(payload: bytes, width: int, height: int) -> None:
    if not payload.startswith(_START):
        found = payload[: len(_START)].hex()
        raise CorruptBitstreamError(f"alpha plane starts with {found}, expected {_START.hex()}")
    if len(payload) < len(_START) + _HEADER.size:
        raise CorruptBitstreamError(f"alpha plane ends in its header, at byte {len(payload)}")
    found_width, found_height, *kind = _HEADER.unpack_from(payload, len(_START))
    if (found_width, found_height) != (width, height):
        raise CorruptBitstreamError(
            f"alpha plane is {found_width}x{found_height} px, expected {width}x{height}"
        )
    if tuple(kind) != _GRAY_8_BIT:
        raise CorruptBitstreamError(f"alpha plane has PNG header {kind}, expected {_GRAY_8_BIT}")
