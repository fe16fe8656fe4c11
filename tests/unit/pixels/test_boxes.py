import struct

import pytest

from sidelight.errors import ImageError
from sidelight.pixels.boxes import Box, find_boxes


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


FILE = box(b"ftyp", b"abc") + box(b"free", b"") + box(b"mdat", bytes(9))


def test_boxes_follow_each_other():
    assert list(find_boxes(FILE)) == [
        Box(b"ftyp", 8, 11),
        Box(b"free", 19, 19),
        Box(b"mdat", 27, 36),
    ]
    assert [b.num_bytes for b in find_boxes(FILE)] == [3, 0, 9]


def test_the_last_box_may_go_on_to_the_end():
    data = FILE + struct.pack(">I4s", 0, b"rest") + bytes(5)
    assert list(find_boxes(data))[-1] == Box(b"rest", 44, 49)


def test_sizes_may_have_64_bits():
    data = struct.pack(">I4sQ", 1, b"mdat", 18) + b"ab" + box(b"free", b"")
    assert list(find_boxes(data)) == [Box(b"mdat", 16, 18), Box(b"free", 26, 26)]


def test_only_the_range_asked_for_is_read():
    assert [b.kind for b in find_boxes(FILE, 11, 19)] == [b"free"]


@pytest.mark.parametrize("size", [1, 2, 7, 9, 2**31, 2**32 - 1])
def test_a_size_that_cannot_be_is_refused(size):
    with pytest.raises(ImageError, match=rf"box b'mdat' at byte 0 claims {size} bytes, 8 are left"):
        list(find_boxes(struct.pack(">I4s", size, b"mdat")))


def test_a_large_size_that_cannot_be_is_refused():
    with pytest.raises(ImageError, match=f"claims {2**63} bytes, 16 are left"):
        list(find_boxes(struct.pack(">I4sQ", 1, b"mdat", 2**63)))


def test_every_cut_that_is_not_between_boxes_is_refused():
    whole = {0, 11, 19, 36}
    for length in set(range(len(FILE))) - whole:
        with pytest.raises(ImageError, match=r"box .*at byte \d+"):
            list(find_boxes(FILE[:length]))
