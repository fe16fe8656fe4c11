"""Bytes are API: what these tests pin, files on disk depend on (docs/format.md)."""

import numpy as np
import pytest

from sidelight.entropy.coder import CodingTables, SymbolDecoder, SymbolEncoder
from sidelight.entropy.tables import SymbolTables, gaussian_tables
from sidelight.errors import CorruptBitstreamError


@pytest.fixture(scope="module")
def tables() -> CodingTables:
    return CodingTables(gaussian_tables([0.11, 1.0, 4.0]))


SYMBOLS = np.array([[0, 1, -2], [300, 0, -(2**31)]], np.int32)
INDEX = np.array([[0, 1, 2], [2, 0, 1]], np.uint8)


def encode(symbols: np.ndarray, index: np.ndarray, tables: CodingTables) -> bytes:
    encoder = SymbolEncoder()
    encoder.push(symbols, index, tables)
    return encoder.finish()


def test_bytes_are_pinned(tables):
    assert encode(SYMBOLS, INDEX, tables).hex() == "82c9e4ee4bd69a8a9ee9957a00000000"


def test_symbols_come_back_and_the_words_are_used_up(tables):
    decoder = SymbolDecoder(encode(SYMBOLS, INDEX, tables))
    decoded = decoder.pull(INDEX, tables)
    decoder.finish()
    assert decoded.dtype == np.int32
    assert np.array_equal(decoded, SYMBOLS)


def test_symbols_are_coded_table_by_table_in_reading_order(tables):
    random = np.random.default_rng(0)
    symbols, index = random.integers(-9, 10, 5000, np.int32), random.integers(0, 3, 5000, np.uint8)
    together = encode(symbols, index, tables)
    encoder = SymbolEncoder()
    for k in range(3):
        members = index == k
        encoder.push(symbols[members], index[members], tables)
    assert encoder.finish() == together


def test_escaped_values_follow_the_group_that_they_belong_to(tables):
    # two messages that differ in the order of escapes inside a group differ in their bytes
    index = np.zeros(2, np.uint8)
    first = encode(np.array([500, -7], np.int32), index, tables)
    assert first != encode(np.array([-7, 500], np.int32), index, tables)
    assert SymbolDecoder(first).pull(index, tables).tolist() == [500, -7]


def test_several_pushes_come_back_in_their_order(tables):
    encoder = SymbolEncoder()
    other = CodingTables(SymbolTables.from_masses([np.full(16, 1 / 16)], [100]))
    wide = np.zeros(40, np.uint16)
    encoder.push(np.arange(100, 140, dtype=np.int32), wide, other)
    encoder.push(SYMBOLS, INDEX, tables)
    decoder = SymbolDecoder(encoder.finish())
    assert decoder.pull(wide, other).tolist() == list(range(100, 140))
    assert np.array_equal(decoder.pull(INDEX, tables), SYMBOLS)
    decoder.finish()


def test_no_symbols_are_no_words(tables):
    none = np.empty((2, 0), np.int32)
    assert encode(none, none.astype(np.uint8), tables) == b""
    decoder = SymbolDecoder(b"")
    assert decoder.pull(none.astype(np.uint8), tables).shape == (2, 0)
    decoder.finish()


def test_a_zero_outside_its_table_is_coded_without_digits():
    far = CodingTables(SymbolTables.from_masses([np.array([0.5, 0.4])], [10]))
    zeros = np.zeros(100, np.int32)
    index = np.zeros(100, np.uint8)
    payload = encode(zeros, index, far)
    assert len(payload) < 100  # log2(10) bits for the escape, log2(9) for the count
    decoder = SymbolDecoder(payload)
    assert np.array_equal(decoder.pull(index, far), zeros)
    decoder.finish()


def test_the_edges_of_a_table_are_not_escaped(tables):
    last = int(tables.escape[1] + tables.first[1] - 1)
    index = np.ones(1, np.uint8)
    sizes = {v: len(encode(np.full(50, v, np.int32), index.repeat(50), tables)) for v in
             (last, last + 1, -last, -last - 1)}  # fmt: skip
    assert sizes[last] < sizes[last + 1]
    assert sizes[-last] < sizes[-last - 1]


def test_symbols_of_more_than_32_bits_are_a_programming_error(tables):
    with pytest.raises(ValueError, match="32 bits"):
        encode(np.array([2**31]), np.zeros(1, np.uint8), tables)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_bytes_that_are_no_words_are_refused(length):
    with pytest.raises(CorruptBitstreamError, match=f"{length} bytes, expected a multiple of 4"):
        SymbolDecoder(bytes(length))


def test_words_left_over_are_noticed(tables):
    payload = encode(SYMBOLS, INDEX, tables)
    decoder = SymbolDecoder(payload + b"\x01\x02\x03\x04")
    decoder.pull(INDEX, tables)
    with pytest.raises(CorruptBitstreamError, match="go on after the last symbol"):
        decoder.finish()


def test_symbols_left_over_are_noticed(tables):
    index = np.full(2000, 2, np.uint8)
    payload = encode(np.random.default_rng(0).integers(-9, 10, 2000, np.int32), index, tables)
    decoder = SymbolDecoder(payload)
    decoder.pull(index[:1000], tables)
    with pytest.raises(CorruptBitstreamError, match="go on after the last symbol"):
        decoder.finish()


def test_words_that_fit_no_symbol_raise_our_error(tables):
    index = np.full(500, 2, np.uint8)
    symbols = np.random.default_rng(0).integers(-9, 10, 500, np.int32)
    payload = encode(symbols, index, tables)

    def pull_every_cut() -> None:
        for cut in range(0, len(payload), 4):
            SymbolDecoder(payload[:cut]).pull(index, tables)

    # some cuts decode to wrong symbols, which the container's CRC catches
    with pytest.raises(CorruptBitstreamError, match="coded latents are damaged"):
        pull_every_cut()
