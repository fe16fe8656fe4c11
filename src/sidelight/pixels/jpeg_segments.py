"""JPEG (ITU-T T.81) without the segments that the pixels do not need, and what those say."""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from sidelight.errors import ImageError
from sidelight.pixels.kinds import FIRST_FRAME

_START_OF_IMAGE = b"\xff\xd8"
_MARKER_BYTES, _LENGTH_BYTES = 2, 2
_SOS, _EOI, _APP1, _APP2, _APP13, _COMMENT = 0xDA, 0xD9, 0xE1, 0xE2, 0xED, 0xFE
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a segment
_IN_SCAN = frozenset({0x00, *range(0xD0, 0xD8)})  # a stuffed zero byte, and restart markers
_KEPT = frozenset({0xE0, 0xEE})  # JFIF, and Adobe's, which says how colours are stored
_APP = range(0xE0, 0xF0)
_EXIF, _XMP, _MPF = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0"
_ICC, _PHOTOSHOP = b"ICC_PROFILE\0", b"Photoshop 3.0\0"
_GAIN_MAP = b"hdrgm:Version"
_RESOURCE, _IPTC_RESOURCE = b"8BIM", 0x0404


class CleanJpeg(NamedTuple):
    """A JPEG with what its pixels need, and its metadata by their keys in Pillow's ``info``."""

    data: bytes
    info: dict[str | tuple[int, int], Any]
    notes: tuple[str, ...]


def clean_jpeg(data: bytes) -> CleanJpeg:
    """Returns the file without metadata, comments and further pictures, and the metadata."""
    kept = [data[:2]]
    info: dict[str | tuple[int, int], Any] = {}
    position, is_album = 2, False
    while data[position : position + 1] == b"\xff" and position + 4 <= len(data):
        marker = data[position + 1]
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        if marker == _SOS or not 0xC0 <= marker <= 0xFE or end > len(data):
            break
        payload = data[position + 4 : end]
        if marker == _APP1 and payload.startswith(_EXIF):
            info["exif"] = info.get("exif", _EXIF) + payload[len(_EXIF) :]
        elif marker == _APP1 and payload.startswith(_XMP):
            info.setdefault("xmp", payload[len(_XMP) :])
        elif marker == _APP13 and payload.startswith(_PHOTOSHOP):
            info.setdefault("iptc", iptc_in_resources(payload[len(_PHOTOSHOP) :]))
        elif marker == _APP2 and payload.startswith(_MPF):
            is_album = True
        if _needed(marker, payload):
            kept.append(data[position:end])
        position = end
    kept.append(data[position:])
    is_album = is_album and _GAIN_MAP not in info.get("xmp", b"")
    notes = (FIRST_FRAME,) if is_album else ()
    return CleanJpeg(b"".join(kept), info, notes)


def segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields markers and the bytes of their segments, SOS with its entropy-coded data.

    Bytes between segments are passed over, as decoders do.

    Raises:
        ImageError: A segment is cut short.
    """
    position = len(_START_OF_IMAGE)
    while (position := _next_marker(data, position)) < len(data):
        marker = data[position + 1]
        if marker == _EOI:
            return
        end = position + _MARKER_BYTES
        if marker not in _ALONE:
            length = int.from_bytes(data[end : end + _LENGTH_BYTES])
            if length < _LENGTH_BYTES or end + length > len(data):
                raise ImageError(
                    f"JPEG segment at byte {position} claims {length} bytes, "
                    f"{len(data) - end} are left"
                )
            end += length
        if marker == _SOS:
            end = _next_marker(data, end, passed=_IN_SCAN)
        yield marker, end - position
        position = end


def _next_marker(data: bytes, position: int, passed: frozenset[int] = frozenset({0x00})) -> int:
    """Returns where the next marker begins that is not to be passed, or the end of the data."""
    while 0 <= (position := data.find(0xFF, position)) < len(data) - 1:
        marker = data[position + 1]
        if marker != 0xFF and marker not in passed:
            return position
        position += 1 if marker == 0xFF else _MARKER_BYTES  # bytes 0xFF before a marker fill up
    return len(data)


def num_scans(data: bytes) -> int:
    """Returns how often a JPEG goes over its picture, as far as its segments can be followed."""
    scans = 0
    with contextlib.suppress(ImageError):
        for marker, _ in segments(data):
            scans += marker == _SOS
    return scans


def iptc_in_resources(resources: bytes) -> bytes:
    """Returns the IPTC records among Photoshop's image resources, b"" for none."""
    position = 0
    while resources[position : position + 4] == _RESOURCE:
        kind = int.from_bytes(resources[position + 4 : position + 6])
        name_bytes = resources[position + 6] if position + 6 < len(resources) else 0
        position += 6 + (name_bytes + 2) // 2 * 2
        size = int.from_bytes(resources[position : position + 4])
        position += 4
        if kind == _IPTC_RESOURCE:
            return resources[position : position + size]
        position += size + size % 2
    return b""


def _needed(marker: int, payload: bytes) -> bool:
    if marker == _APP2:
        return payload.startswith(_ICC)
    return marker in _KEPT or (marker not in _APP and marker != _COMMENT)
