"""PNG (ISO/IEC 15948) chunk by chunk: what is not needed, or damaged and not needed, is left out.

Pillow gives up on a file whose comment fails its CRC; libpng and viewers pass over it, as here.
"""

import contextlib
import zlib
from typing import NamedTuple

from sidelight.errors import ImageError
from sidelight.pixels.kinds import FIRST_FRAME

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME_BYTES, _LENGTH_BYTES, _TYPE_BYTES = 12, 4, 4
_NEEDED = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"gAMA", b"sRGB"}) | {
    b"cHRM",
    b"eXIf",
}
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_KEYWORDS = (b"XML:com.adobe.xmp\0", b"Raw profile type ")
_MAX_TEXT_BYTES = 2**20
_OVERRULED = frozenset({b"gAMA", b"cHRM"})  # by cICP, which comes before all of them
_CICP, _ANIMATION, _APPLE = b"cICP", b"acTL", b"CgBI"
_BT709, _SRGB_TRANSFERS, _UNKNOWN = 1, frozenset({1, 6, 13, 14, 15}), 2


class CleanPng(NamedTuple):
    """A PNG without what the picture does not need."""

    data: bytes
    notes: tuple[str, ...]


def is_png(data: bytes) -> bool:
    """Returns whether the bytes start as a PNG does."""
    return data.startswith(SIGNATURE)


def clean_png(data: bytes) -> CleanPng:
    """Returns the chunks that pixels, colour, EXIF and XMP need; the same bytes if that is all.

    Raises:
        ImageError: A chunk that the pixels need is damaged, or the first one is no header.
    """
    whole = memoryview(data)  # so that the pixels' chunks are not copied
    kept, notes, overruled = [whole[: len(SIGNATURE)]], [], False
    position = len(SIGNATURE)
    while position < len(data):
        kind = data[position + _LENGTH_BYTES : position + _LENGTH_BYTES + _TYPE_BYTES]
        length = int.from_bytes(data[position : position + _LENGTH_BYTES])
        chunk = whole[position : position + _FRAME_BYTES + length]
        if len(kept) == 1 and kind != b"IHDR":
            variant = "Apple's own variant of PNG" if kind == _APPLE else "no PNG"
            raise ImageError(f"{variant}: the first chunk is {kind!r}, expected b'IHDR'")
        payload = b"" if kind == b"IDAT" else bytes(chunk[_LENGTH_BYTES + _TYPE_BYTES : -4])
        is_whole = len(chunk) == _FRAME_BYTES + length and zlib.crc32(
            chunk[_LENGTH_BYTES:-4]
        ) == int.from_bytes(chunk[-4:])
        if _is_needed(kind, payload):
            if is_whole:
                kept.append(chunk)
            elif kind[:1].isupper() and kind != b"IEND":
                raise ImageError(
                    f"PNG chunk {kind.decode()} at byte {position} is truncated or fails its CRC; "
                    "fetch or export the picture again"
                )
            else:
                notes.append(f"damaged PNG chunk {kind.decode()} dropped")
        elif kind == _CICP and len(payload) == 4:
            notes += signal_notes(*payload[:2])
            overruled = True
        elif kind == _ANIMATION and int.from_bytes(payload[:4]) > 1:
            notes.append(FIRST_FRAME)
        position += len(chunk)
        if kind == b"IEND":
            break
    if overruled:
        kept = [chunk for chunk in kept if chunk[4:8] not in _OVERRULED]
    is_clean = sum(map(len, kept)) == len(data)
    return CleanPng(data if is_clean else b"".join(kept), tuple(notes))


def signal_notes(primaries: int, transfer: int) -> tuple[str, ...]:
    """Returns what a user should hear of code points for colour (ITU-T H.273): not of sRGB's."""
    told = []
    if transfer not in (*_SRGB_TRANSFERS, _UNKNOWN):
        kind = {16: "PQ, so HDR", 18: "HLG, so HDR"}.get(transfer, f"code {transfer}")
        told.append(f"transfer {kind}")
    if primaries not in (_BT709, _UNKNOWN):
        name = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}.get(primaries, f"code {primaries}")
        told.append(f"primaries {name}")
    return (f"colours read as sRGB, though cICP says {', '.join(told)}",) if told else ()


def _is_needed(kind: bytes, payload: bytes) -> bool:
    if kind not in _TEXTS:
        return kind in _NEEDED
    if not payload.startswith(_KEYWORDS):
        return False
    text = payload.partition(b"\0")[2]
    if kind == b"zTXt":
        text = text[1:]
    elif kind == b"iTXt" and text[:1] == b"\1":
        text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        return len(text) <= _MAX_TEXT_BYTES
    unpacker = zlib.decompressobj()
    with contextlib.suppress(zlib.error):
        unpacker.decompress(text, _MAX_TEXT_BYTES)
        return unpacker.eof
    return False
