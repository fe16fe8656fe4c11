"""The items inside an AVIF file (HEIF, ISO/IEC 23008-12): which one is the picture, how large.

The bytes may be hostile: what they claim is compared with what is there, nothing is allocated by
it, and no loop is longer than the bytes that it reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sidelight.errors import ImageError
from sidelight.pixels.boxes import Box, find_boxes

_VERSION_BYTES, _FLAGS_BYTES = 1, 3
_TILES = b"dimg"
_IN_FILE, _IN_IDAT = 0, 1


def primary_bytes(data: bytes) -> int:
    """Returns the coded bytes of the primary item, or of the tiles that it is put together from.

    Alpha, thumbnails, gain maps and metadata are items of their own and do not count.

    Raises:
        ImageError: The boxes are broken, or there is no primary item.
    """
    # not to the end: files may have bytes behind their boxes
    meta = next((box for box in find_boxes(data) if box.kind == b"meta"), None)
    if meta is None:
        raise ImageError("AVIF file without a box 'meta', so without a still picture")
    inside = _by_kind(find_boxes(data, meta.start + _VERSION_BYTES + _FLAGS_BYTES, meta.end))
    if missing := {b"pitm", b"iloc"} - inside.keys():
        raise ImageError(f"AVIF file without a box {min(missing)!r}, so without a still picture")
    primary = _read_primary(data, inside[b"pitm"])
    tiles = _read_tiles(data, inside[b"iref"], primary) if b"iref" in inside else set()
    sizes = _read_sizes(data, inside[b"iloc"], tiles or {primary}, inside.get(b"idat"))
    return sum(sizes)


@dataclass(slots=True)
class _Reader:
    """Takes big-endian numbers one after the other."""

    data: bytes
    position: int
    end: int

    @classmethod
    def of(cls, data: bytes, box: Box) -> tuple["_Reader", int]:
        """Returns a reader of a box behind its version and flags, and the version."""
        reader = cls(data, box.start, box.end)
        version = reader.take(_VERSION_BYTES)
        reader.skip(_FLAGS_BYTES)
        return reader, version

    def take(self, num_bytes: int) -> int:
        """Returns the next number, 0 where it has no bytes."""
        start = self.position
        self.skip(num_bytes)
        return int.from_bytes(self.data[start : self.position])

    def skip(self, num_bytes: int) -> None:
        """Passes over so many bytes.

        Raises:
            ImageError: There are fewer.
        """
        if num_bytes > self.end - self.position:
            raise ImageError(
                f"AVIF box ends at byte {self.end}, expected {num_bytes} more bytes at byte "
                f"{self.position}"
            )
        self.position += num_bytes


def _by_kind(boxes: Iterable[Box]) -> dict[bytes, Box]:
    """Returns the first box of each kind."""
    found: dict[bytes, Box] = {}
    for box in boxes:
        found.setdefault(box.kind, box)
    return found


def _read_primary(data: bytes, box: Box) -> int:
    reader, version = _Reader.of(data, box)
    return reader.take(4 if version else 2)


def _read_tiles(data: bytes, box: Box, item: int) -> set[int]:
    """Returns the items that a grid is put together from, none for any other item."""
    _, version = _Reader.of(data, box)
    id_bytes = 4 if version else 2
    tiles: set[int] = set()
    for reference in find_boxes(data, box.start + _VERSION_BYTES + _FLAGS_BYTES, box.end):
        reader = _Reader(data, reference.start, reference.end)
        if reference.kind == _TILES and reader.take(id_bytes) == item:
            tiles.update(reader.take(id_bytes) for _ in range(reader.take(2)))
    return tiles


def _read_sizes(data: bytes, box: Box, items: set[int], idat: Box | None) -> list[int]:
    """Returns the bytes of these items, in the order of the file.

    Raises:
        ImageError: The box is broken, an item is missing or lies beyond the file.
    """
    reader, version = _Reader.of(data, box)
    offset_bytes, length_bytes = divmod(reader.take(1), 16)
    base_bytes, index_bytes = divmod(reader.take(1), 16)
    if version == 0:
        index_bytes = 0
    extent_bytes = index_bytes + offset_bytes + length_bytes
    sizes: dict[int, int] = {}
    for _ in range(reader.take(4 if version == 2 else 2)):
        item = reader.take(4 if version == 2 else 2)
        method = reader.take(2) % 16 if version else _IN_FILE
        reader.skip(2)  # which file: this one
        base = reader.take(base_bytes)
        num_extents = reader.take(2)
        if item not in items:
            reader.skip(num_extents * extent_bytes)
            continue
        if length_bytes == 0 or method not in (_IN_FILE, _IN_IDAT):
            raise ImageError(
                f"AVIF item {item} has {length_bytes} bytes of length and method {method}, "
                "expected 4 or 8 bytes and method 0 or 1; write the file again with libavif"
            )
        end = len(data) if method == _IN_FILE else idat.num_bytes if idat else 0
        sizes[item] = _extents_bytes(
            reader, num_extents, (index_bytes, offset_bytes, length_bytes), room=end - base
        )
    if missing := items - sizes.keys():
        raise ImageError(f"AVIF item {min(missing)} is missing in the box 'iloc'")
    if sum(sizes.values()) > len(data):
        raise ImageError(f"AVIF items claim {sum(sizes.values())} bytes, the file has {len(data)}")
    return list(sizes.values())


def _extents_bytes(
    reader: _Reader, num_extents: int, field_bytes: tuple[int, int, int], room: int
) -> int:
    """Returns the bytes of one item's extents, each of which must end within ``room``."""
    index_bytes, offset_bytes, length_bytes = field_bytes
    total = 0
    for _ in range(num_extents):
        reader.skip(index_bytes)
        offset, length = reader.take(offset_bytes), reader.take(length_bytes)
        if offset + length > room:
            raise ImageError(
                f"AVIF extent of {length} bytes at {offset} ends beyond the {room} bytes there are"
            )
        total += length
    return total
