"""Picture files that do not tell which codec they are of, and the key to them.

Of a pair, both files are PNG in the same form, without metadata, of the same number of bytes, and
named at random. The key lies in the page, where nobody reads it by accident; whoever wants to
cheat can.
"""

import base64
import io
import itertools
import random
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from sidelight.pixels.picture import Picture, to_pillow
from sidelight.pixels.profiles import gray_to_srgb, rgb_to_srgb
from sidelight.strict_json import to_json

FILLING = b"paDd"
"""A chunk that no program reads: ancillary, private, safe to copy."""
_END_BYTES = 12
_WHITE = 255
_NAME_BITS = 64


def srgb_pixels(picture: Picture) -> np.ndarray:
    """Returns uint8 (h, w, 3) in sRGB, over white where the picture is transparent."""
    opaque = Image.fromarray(picture.image)
    if picture.icc is not None:
        image = to_pillow(picture)
        image = image.convert("L" if picture.gray else "RGB")
        image.info["icc_profile"] = picture.icc
        opaque = (gray_to_srgb if picture.gray else rgb_to_srgb)(image).convert("RGB")
    if picture.alpha is not None:
        paper = Image.new("RGB", opaque.size, (_WHITE,) * 3)
        opaque = Image.composite(opaque, paper, Image.fromarray(picture.alpha))
    return np.asarray(opaque)


def blind_files(images: Sequence[np.ndarray]) -> list[bytes]:
    """Returns each picture, uint8 (h, w, 3), as a PNG file; all have the same number of bytes."""
    files = [_png(image) for image in images]
    longest = max(map(len, files))
    return [_filled(file, longest - len(file)) for file in files]


def random_name(draw: random.Random) -> str:
    """Returns a name that says nothing."""
    return f"{draw.getrandbits(_NAME_BITS):016x}"


def lock(value: Any, pad: str) -> str:
    """Returns a value as text that does not read as what it says; the page unlocks it."""
    text = to_json(value).encode("ascii")
    mixed = bytes(a ^ b for a, b in zip(text, itertools.cycle(pad.encode("ascii")), strict=False))
    return base64.b64encode(mixed).decode("ascii")


def _png(image: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(out, "PNG")
    return out.getvalue()


def _filled(png: bytes, num_bytes: int) -> bytes:
    body = FILLING + bytes(num_bytes)
    chunk = num_bytes.to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:-_END_BYTES] + chunk + png[-_END_BYTES:]
