"""EXIF blocks (CIPA DC-008, a TIFF of directories) without Pillow, which warns, guesses and raises.

The bytes may be hostile: nothing is allocated by what they claim, a directory is followed to those
places alone where the standard has one, and what cannot be read is left out.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_PREFIX = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TYPE_BYTES[129] = 1  # UTF-8, of EXIF 3.0
_ASCII, _SHORT, _LONG = 2, 3, 4
_HEADER_BYTES, _ENTRY_BYTES, _INLINE_BYTES = 8, 12, 4

IMAGE, PHOTO, GPS, INTEROP = "image", "photo", "gps", "interop"
"""The directories: of the image, of how it was taken, of where, and of which rules it follows."""
_CHILDREN = {IMAGE: {34665: PHOTO, 34853: GPS}, PHOTO: {40965: INTEROP}, GPS: {}, INTEROP: {}}

Directories = dict[str, dict[int, "Entry"]]


class Entry(NamedTuple):
    """A tag's value as it is stored."""

    kind: int
    """Its type: 2 is text, 3 and 4 are unsigned numbers of two and four bytes."""
    value: bytes


@dataclass(slots=True)
class ExifContent:
    """What a block holds."""

    order: str = "<"
    """Byte order, as ``struct`` names it."""
    directories: Directories = field(default_factory=dict)
    is_damaged: bool = False
    """Whether something could not be read."""

    def number(self, directory: str, tag: int) -> int | None:
        """Returns a tag's unsigned number, None where there is none."""
        entry = self.directories.get(directory, {}).get(tag)
        if entry is None or entry.kind not in (_SHORT, _LONG) or not entry.value:
            return None
        byteorder = "little" if self.order == "<" else "big"
        return int.from_bytes(entry.value[: _TYPE_BYTES[entry.kind]], byteorder)  # type: ignore[arg-type]

    def put_number(self, directory: str, tag: int, number: int) -> None:
        """Sets a tag to a number of four bytes."""
        value = struct.pack(f"{self.order}I", number)
        self.directories.setdefault(directory, {})[tag] = Entry(_LONG, value)

    def put_text(self, directory: str, tag: int, text: str) -> None:
        """Sets a tag to a text, in UTF-8 as most programs write it."""
        value = text.encode("utf-8", errors="replace") + b"\0"
        self.directories.setdefault(directory, {})[tag] = Entry(_ASCII, value)


def parse_exif(block: bytes, wanted: Mapping[str, frozenset[int]]) -> ExifContent:
    """Returns the wanted tags of a block, with or without its prefix, or of a whole TIFF file."""
    data = memoryview(block)[len(_PREFIX) if block.startswith(_PREFIX) else 0 :]
    order = _ORDERS.get(bytes(data[:4]))
    if order is None or len(data) < _HEADER_BYTES:
        return ExifContent(is_damaged=len(data) > 0)
    content = ExifContent(order)
    (first,) = struct.unpack_from(f"{order}I", data, 4)
    _read_directory(content, data, first, IMAGE, wanted)
    return content


def pack_exif(content: ExifContent) -> bytes | None:
    """Returns a block, None where there is nothing to say."""
    packed = _pack_directory(content, IMAGE, _HEADER_BYTES)
    if packed is None:
        return None
    magic = next(magic for magic, order in _ORDERS.items() if order == content.order)
    return _PREFIX + magic + struct.pack(f"{content.order}I", _HEADER_BYTES) + packed


def _read_directory(
    content: ExifContent,
    data: memoryview,
    start: int,
    name: str,
    wanted: Mapping[str, frozenset[int]],
) -> None:
    if not 0 < start <= len(data) - 2:
        content.is_damaged = True
        return
    (stated,) = struct.unpack_from(f"{content.order}H", data, start)
    start += 2
    count = min(stated, (len(data) - start) // _ENTRY_BYTES)
    content.is_damaged |= count < stated
    found = content.directories.setdefault(name, {})
    for place in range(start, start + count * _ENTRY_BYTES, _ENTRY_BYTES):
        tag, kind, number = struct.unpack_from(f"{content.order}HHI", data, place)
        child = _CHILDREN[name].get(tag)
        if child is not None and child not in content.directories:
            (offset,) = struct.unpack_from(f"{content.order}I", data, place + 8)
            _read_directory(content, data, offset, child, wanted)
        elif tag in wanted[name] and tag not in found:
            value = _read_value(content.order, data, place + 8, kind, number)
            if value is None:
                content.is_damaged = True
            else:
                found[tag] = Entry(kind, value)


def _read_value(order: str, data: memoryview, place: int, kind: int, number: int) -> bytes | None:
    size = _TYPE_BYTES.get(kind, 0) * number
    if size == 0:
        return b"" if kind in _TYPE_BYTES else None
    if size > _INLINE_BYTES:
        (place,) = struct.unpack_from(f"{order}I", data, place)
    return bytes(data[place : place + size]) if place + size <= len(data) else None


def _pack_directory(content: ExifContent, name: str, start: int) -> bytes | None:
    """Returns a directory that lies at ``start``, with its values and children behind it."""
    entries = dict(content.directories.get(name, {}))
    children = {
        tag: child for tag, child in _CHILDREN[name].items() if _has_entries(content, child)
    }
    entries |= {tag: Entry(_LONG, bytes(_INLINE_BYTES)) for tag in children}
    if not entries:
        return None
    fixed = 2 + _ENTRY_BYTES * len(entries) + 4
    table, behind = struct.pack(f"{content.order}H", len(entries)), b""
    for tag, (kind, value) in sorted(entries.items()):
        here = start + fixed + len(behind)
        if tag in children:
            packed = _pack_directory(content, children[tag], here)
            assert packed is not None
            field, behind = struct.pack(f"{content.order}I", here), behind + packed
        elif len(value) > _INLINE_BYTES:
            field = struct.pack(f"{content.order}I", here)
            behind += value + b"\0" * (len(value) % 2)
        else:
            field = value.ljust(_INLINE_BYTES, b"\0")
        number = len(value) // _TYPE_BYTES[kind]
        table += struct.pack(f"{content.order}HHI", tag, kind, number) + field
    return table + bytes(4) + behind  # no further directory, so no thumbnail


def _has_entries(content: ExifContent, name: str) -> bool:
    return bool(content.directories.get(name)) or any(
        _has_entries(content, child) for child in _CHILDREN[name].values()
    )
