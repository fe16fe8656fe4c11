"""The blocks of metadata that an image came with, wherever its format keeps them."""

import contextlib
from typing import Any

from PIL import Image

from sidelight.pixels.encodings import utf8_packet
from sidelight.pixels.exif_block import GPS, IMAGE, INTEROP, PHOTO, parse_exif
from sidelight.pixels.jpeg_segments import iptc_in_resources

_IPTC_TAG, _PHOTOSHOP_TAG = 33723, 34377
_IN_TIFF = {
    IMAGE: frozenset({_IPTC_TAG, _PHOTOSHOP_TAG}),
    PHOTO: frozenset[int](),
    GPS: frozenset[int](),
    INTEROP: frozenset[int](),
}
_IPTC_START = b"\x1c"
_RAW_PROFILE_LINES = 3


def stated_exif(image: Image.Image) -> bytes:
    """Returns the EXIF block, b"" for none; of a TIFF that was opened here, the whole file."""
    found: Any = image.info.get("exif")
    if isinstance(found, bytes):
        return found
    if raw := _raw_profile(image, "exif"):
        return raw
    with contextlib.suppress(Exception):  # a TIFF keeps it among its own tags; Pillow raises any
        exif = image.getexif()
        return exif.tobytes() if len(exif) else b""
    return b""


def stated_xmp(image: Image.Image) -> bytes:
    """Returns the XMP packet in UTF-8, b"" for none."""
    found: Any = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = found.encode("utf-8", errors="replace") if isinstance(found, str) else bytes(found)
    return utf8_packet(packet)


def stated_iptc(image: Image.Image) -> bytes:
    """Returns the IPTC records, b"" for none."""
    found: Any = image.info.get("iptc")
    if isinstance(found, bytes):
        return found
    exif: Any = image.info.get("exif")
    if image.format == "TIFF" and isinstance(exif, bytes):
        tags = parse_exif(exif, _IN_TIFF).directories.get(IMAGE, {})
        if _IPTC_TAG in tags:
            return tags[_IPTC_TAG].value
        return iptc_in_resources(tags[_PHOTOSHOP_TAG].value) if _PHOTOSHOP_TAG in tags else b""
    raw = _raw_profile(image, "iptc")
    return raw if raw.startswith(_IPTC_START) else iptc_in_resources(raw)


def _raw_profile(image: Image.Image, kind: str) -> bytes:
    """Returns what ImageMagick writes into PNG as hexadecimal digits behind three lines."""
    with contextlib.suppress(Exception):  # of what is no text of that form
        lines = image.info[f"Raw profile type {kind}"].split("\n")[_RAW_PROFILE_LINES:]
        return bytes.fromhex("".join(lines))
    return b""
