import struct

import pytest

from sidelight.bitstream.reader import VARINT_LIMIT, ByteReader, pack_varint
from sidelight.errors import CorruptBitstreamError, TruncatedBitstreamError


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (768, "8006"),
        (2**14 - 1, "ff7f"),
        (2**14, "808001"),
        (VARINT_LIMIT - 1, "ffffff7f"),
    ],
)
def test_varint_has_the_bytes_of_leb128(value: int, packed: str) -> None:
    assert pack_varint(value).hex() == packed
    reader = ByteReader(bytes.fromhex(packed))
    assert reader.varint() == value
    reader.finish()


@pytest.mark.parametrize("value", [-1, VARINT_LIMIT])
def test_varint_out_of_range_is_a_programming_mistake(value: int) -> None:
    with pytest.raises(ValueError, match=f"got {value}"):
        pack_varint(value)


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        ("8000", "varint at byte 0 spends 2 bytes on 0, expected 1"),
        ("ff8000", "varint at byte 0 spends 3 bytes on 127, expected 1"),
        ("80808000", "varint at byte 0 spends 4 bytes on 0, expected 1"),
        ("8080808001", "varint at byte 0 goes on after 4 bytes, expected a value below 268435456"),
    ],
)
def test_only_the_shortest_form_of_a_varint_is_read(packed: str, message: str) -> None:
    with pytest.raises(CorruptBitstreamError, match=f"^{message}$"):
        ByteReader(bytes.fromhex(packed)).varint()


def test_take_says_where_the_bytes_end() -> None:
    reader = ByteReader(bytes(44))
    reader.take(41)
    with pytest.raises(TruncatedBitstreamError, match=r"^need 12 bytes at byte 41, only 3 left$"):
        reader.take(12)
    assert reader.position == 41


def test_varint_says_where_the_bytes_end() -> None:
    with pytest.raises(TruncatedBitstreamError, match=r"^need 1 bytes at byte 1, only 0 left$"):
        ByteReader(b"\x80").varint()


def test_unpack_moves_by_the_size_of_the_layout() -> None:
    reader = ByteReader(bytes.fromhex("0100ff"))
    assert reader.unpack(struct.Struct("<H")) == (1,)
    assert (reader.position, reader.remaining) == (2, 1)


def test_finish_counts_what_is_left() -> None:
    reader = ByteReader(b"abc")
    reader.take(1)
    with pytest.raises(CorruptBitstreamError, match="2 bytes follow the last section"):
        reader.finish()
