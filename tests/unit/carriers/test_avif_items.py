import struct
import time

import pytest

from sidelight.carriers.avif_items import primary_bytes
from sidelight.errors import ImageError

MDAT = bytes(600)


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def full_box(kind: bytes, version: int, payload: bytes) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]) + payload)


def iloc(items: dict[int, list[tuple[int, int]]], version: int = 0, method: int = 0) -> bytes:
    """Offsets and lengths of 4 bytes each, no base offset; an index of 4 bytes from version 1."""
    id_bytes = 4 if version == 2 else 2
    body = bytes([0x44, 0x04 if version else 0x00]) + len(items).to_bytes(id_bytes)
    for item, extents in items.items():
        body += item.to_bytes(id_bytes) + (method.to_bytes(2) if version else b"") + bytes(2)
        body += len(extents).to_bytes(2)
        for extent in extents:
            body += (bytes(4) if version else b"") + struct.pack(">II", *extent)
    return full_box(b"iloc", version, body)


def reference(kind: bytes, start: int, ends: list[int], id_bytes: int = 2) -> bytes:
    ids = b"".join(end.to_bytes(id_bytes) for end in ends)
    return box(kind, start.to_bytes(id_bytes) + len(ends).to_bytes(2) + ids)


def pitm(item: int, version: int = 0) -> bytes:
    return full_box(b"pitm", version, item.to_bytes(4 if version else 2))


def avif(*inside: bytes) -> bytes:
    meta = full_box(b"meta", 0, b"".join(inside))
    return box(b"ftyp", b"avif\0\0\0\0mif1") + meta + box(b"mdat", MDAT)


ITEMS = {1: [(400, 100)], 2: [(500, 7)], 3: [(410, 20), (450, 3)]}


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize(("item", "expected"), [(1, 100), (2, 7), (3, 23)])
def test_the_primary_items_extents_are_added_up(version, item, expected):
    located = iloc(ITEMS, version)
    assert primary_bytes(avif(pitm(item), located)) == expected
    assert primary_bytes(avif(located, full_box(b"iinf", 0, b"junk"), pitm(item, 1))) == expected


@pytest.mark.parametrize("version", [0, 1])
def test_of_a_grid_each_tile_counts_once_and_nothing_else(version):
    id_bytes = 4 if version else 2
    references = full_box(
        b"iref",
        version,
        reference(b"auxl", 2, [1], id_bytes)
        + reference(b"cdsc", 4, [1], id_bytes)
        + reference(b"dimg", 1, [3, 4, 3], id_bytes)
        + reference(b"dimg", 9, [2], id_bytes),
    )
    items = ITEMS | {4: [(460, 11)], 9: [(470, 9)]}
    assert primary_bytes(avif(pitm(1), iloc(items), references)) == 23 + 11
    assert primary_bytes(avif(pitm(2), iloc(items), references)) == 7


def test_an_item_may_lie_in_the_box_idat():
    located = iloc({1: [(2, 30)]}, version=1, method=1)
    assert primary_bytes(avif(pitm(1), located, box(b"idat", bytes(32)))) == 30
    for idat in (box(b"idat", bytes(31)), b""):
        with pytest.raises(ImageError, match="extent of 30 bytes at 2 ends beyond"):
            primary_bytes(avif(pitm(1), located, idat))


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ((), "without a box b'iloc'"),
        ((pitm(1),), "without a box b'iloc'"),
        ((iloc(ITEMS),), "without a box b'pitm'"),
        ((pitm(9), iloc(ITEMS)), "item 9 is missing in the box 'iloc'"),
        ((pitm(1), iloc({1: [(400, 2**32 - 1)]})), f"extent of {2**32 - 1} bytes at 400 ends"),
        ((pitm(1), iloc({1: [(0, 500)] * 3})), "items claim 1500 bytes, the file has"),
        ((pitm(1), iloc(ITEMS, version=1, method=2)), "4 bytes of length and method 2"),
        ((pitm(1), full_box(b"iloc", 0, b"\0\0\0\1\0\1\0\0\0\1")), "0 bytes of length"),
        ((pitm(1), full_box(b"iloc", 2, b"\x44\0\xff\xff\xff\xff")), "expected 4 more bytes"),
        ((pitm(1), full_box(b"iloc", 0, b"")), "expected 1 more bytes"),
        ((box(b"pitm", b"\0"), iloc(ITEMS)), "expected 3 more bytes"),
    ],
)
def test_boxes_that_cannot_be_are_refused(inside, message):
    with pytest.raises(ImageError, match=message):
        primary_bytes(avif(*inside))


def test_a_file_without_items_is_refused():
    with pytest.raises(ImageError, match="without a box 'meta'"):
        primary_bytes(box(b"ftyp", b"avis") + box(b"moov", b""))


def test_extents_without_bytes_take_no_time():
    # 65535 extents of no bytes in each of 60,000 items: four thousand million in half a megabyte
    items = b"".join(struct.pack(">HHH", k, 0, 65535) for k in range(2, 60_002))
    located = full_box(b"iloc", 0, b"\0\0" + (60_000).to_bytes(2) + items)
    start = time.process_time()
    with pytest.raises(ImageError, match="item 1 is missing"):
        primary_bytes(avif(pitm(1), located))
    assert time.process_time() - start < 2
