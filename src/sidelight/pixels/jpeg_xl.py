"""JPEG XL files (ISO/IEC 18181) -> Picture, by libjxl (extra ``jxl``).

The decoder is given the codestream alone: what surrounds it in a file cannot change a pixel.
"""

import dataclasses
import importlib.util
from typing import Any

import numpy as np
from PIL import Image

from sidelight.errors import ImageError
from sidelight.pixels.boxes import find_boxes
from sidelight.pixels.kinds import FIRST_FRAME
from sidelight.pixels.modes import reduced_from
from sidelight.pixels.picture import Picture, from_pillow
from sidelight.pixels.size import check_size

_BARE = b"\xff\x0a"
_BOXED = b"\0\0\0\x0cJXL \r\n\x87\n"
_PART_NUMBER_BYTES = 4
_PACKED = b"brob"
_TYPE_BYTES = 4
_EXIF, _XMP = b"Exif", b"xml "
_NAMES = {_EXIF: "EXIF", _XMP: "XMP"}
_OFFSET_BYTES = 4
_MAX_METADATA_BYTES = 2**22


def is_jpeg_xl(data: bytes) -> bool:
    """Returns whether the bytes start as a JPEG XL file does, bare or in boxes."""
    return data.startswith((_BARE, _BOXED))


def needs_package(package: str) -> None:
    """Checks that a package of the extra is there.

    Raises:
        ImageError: It is not.
    """
    if importlib.util.find_spec(package) is None:
        raise ImageError(f"JPEG XL needs {package}: pip install 'sidelight[jxl]'")


def find_codestream(data: bytes) -> bytes:
    """Returns the coded picture of a JPEG XL file without the boxes around it.

    Raises:
        ImageError: Boxes are broken, or none holds a picture.
    """
    if not data.startswith(_BOXED):
        return data
    parts: list[bytes] = []
    for box in find_boxes(data):
        if box.kind == b"jxlc":
            return data[box.start : box.end]
        if box.kind == b"jxlp":
            parts.append(data[box.start + _PART_NUMBER_BYTES : box.end])
    if not parts:
        raise ImageError("JPEG XL file without a picture, expected a box jxlc or jxlp")
    return b"".join(parts)


def decode_jpeg_xl(data: bytes, *, max_pixels: int | None = None) -> Picture:
    """Returns the first frame of a JPEG XL file; one that is too large is refused.

    Raises:
        ImageError: The decoder is not installed, boxes are broken, or the picture is too large.
            Of a broken codestream the decoder raises whatever it met.
    """
    needs_package("pylibjxl")
    import pylibjxl

    codestream = find_codestream(data)
    stated = pylibjxl.probe(codestream)
    check_size(stated["width"], stated["height"], max_pixels=max_pixels, num_bytes=len(codestream))
    samples, inside = pylibjxl.decode(codestream, metadata=True)
    if stated["have_animation"]:
        samples = pylibjxl.decode(codestream)  # the first frame; with metadata, the last one
    metadata, notes = read_boxed_metadata(data)
    image = Image.fromarray(np.ascontiguousarray(samples))
    image.info |= {"icc_profile": inside.get("icc"), **metadata}
    # the codestream has an orientation of its own, which libjxl applies; EXIF's does not count
    picture = from_pillow(image, is_upright=True)
    return dataclasses.replace(picture, notes=(*_losses(stated), *notes, *picture.notes))


def _losses(stated: dict[str, Any]) -> list[str]:
    notes = [FIRST_FRAME] if stated["have_animation"] else []
    if stated["exponent_bits_per_sample"]:
        notes.append("float samples reduced to 8 bits")
    elif stated["bits_per_sample"] > 8:
        notes.append(reduced_from(stated["bits_per_sample"]))
    return notes


def read_boxed_metadata(data: bytes) -> tuple[dict[Any, bytes], list[str]]:
    """Returns EXIF and XMP by their keys in Pillow's ``info``, and notes."""
    found: dict[bytes, bytes] = {}
    for box in find_boxes(data) if data.startswith(_BOXED) else ():
        kind, start = box.kind, box.start
        if is_packed := kind == _PACKED:
            kind, start = data[start : start + _TYPE_BYTES], start + _TYPE_BYTES
        if kind in _NAMES and kind not in found:
            payload = data[start : box.end]
            found[kind] = _unpack(payload) if is_packed else payload
    notes = [f"{_NAMES[kind]} dropped: cannot be unpacked" for kind in found if not found[kind]]
    info: dict[Any, bytes] = {"xmp": found.get(_XMP, b"")}
    if exif := found.get(_EXIF):
        offset = int.from_bytes(exif[:_OFFSET_BYTES])
        info["exif"] = b"Exif\0\0" + exif[_OFFSET_BYTES + offset :]
    return info, notes


def _unpack(packed: bytes) -> bytes:
    """Returns what Brotli has packed; b"" where that is broken, too large, or Brotli is missing."""
    if importlib.util.find_spec("imagecodecs") is None:
        return b""
    import imagecodecs

    try:
        return bytes(imagecodecs.brotli_decode(packed, out=_MAX_METADATA_BYTES))
    except (RuntimeError, ValueError):
        return b""
