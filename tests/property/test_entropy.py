"""What is coded comes back; what is damaged never raises anything but our error."""

import contextlib

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from sidelight.entropy.coder import CodingTables, SymbolDecoder, SymbolEncoder
from sidelight.entropy.tables import FREQUENCY_TOTAL, SymbolTables, gaussian_tables
from sidelight.errors import CorruptBitstreamError

TABLES = CodingTables(gaussian_tables([0.11, 0.7, 3.0, 40.0]))
INT32 = st.integers(-(2**31), 2**31 - 1)
symbols_and_tables = st.lists(st.tuples(INT32 | st.integers(-30, 30), st.integers(0, 3)))


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    symbols = np.array([symbol for symbol, _ in pairs], np.int32)
    return symbols, np.array([k for _, k in pairs], np.uint8)


def encode(pairs: list[tuple[int, int]]) -> bytes:
    encoder = SymbolEncoder()
    encoder.push(*arrays(pairs), TABLES)
    return encoder.finish()


@given(symbols_and_tables)
@example([(2**31 - 1, 0), (-(2**31), 0), (0, 3), (-1, 1)])
@example([])
def test_symbols_come_back_and_use_up_their_words(pairs):
    symbols, index = arrays(pairs)
    decoder = SymbolDecoder(encode(pairs))
    assert np.array_equal(decoder.pull(index, TABLES), symbols)
    decoder.finish()


@given(symbols_and_tables, st.lists(st.binary(min_size=4, max_size=4), max_size=60))
def test_foreign_words_decode_or_raise_our_error(pairs, words):
    _, index = arrays(pairs)
    with contextlib.suppress(CorruptBitstreamError):
        decoder = SymbolDecoder(b"".join(words))
        decoded = decoder.pull(index, TABLES)
        assert decoded.shape == index.shape
        decoder.finish()


@given(st.lists(st.tuples(INT32 | st.integers(-30, 30), st.integers(0, 3)), min_size=1), st.data())
def test_damaged_words_decode_or_raise_our_error(pairs, data):
    _, index = arrays(pairs)
    damaged = bytearray(encode(pairs))
    bit = data.draw(st.integers(0, 8 * len(damaged) - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    kept = data.draw(st.integers(0, len(damaged) // 4))
    for payload in (damaged, damaged[: 4 * kept]):
        with contextlib.suppress(CorruptBitstreamError):
            decoder = SymbolDecoder(bytes(payload))
            decoder.pull(index, TABLES)
            decoder.finish()


masses = st.lists(st.floats(0, 1), min_size=1, max_size=300).filter(lambda m: sum(m) > 0)


@given(st.lists(masses, min_size=1, max_size=4))
def test_tables_of_any_masses_sum_to_the_total_without_a_zero(several):
    tables = SymbolTables.from_masses([np.array(m) for m in several], [0] * len(several))
    for k in range(len(several)):
        assert tables.table(k).sum(dtype=np.int64) == FREQUENCY_TOTAL
        assert tables.table(k).min() >= 1


@given(masses, st.integers(-5, 5), st.data())
def test_any_table_codes_all_its_symbols(mass, first, data):
    tables = CodingTables(SymbolTables.from_masses([np.array(mass)], [first]))
    inside = st.integers(first - 1, first + len(mass))
    symbols = np.array(data.draw(st.lists(inside)), np.int32)
    index = np.zeros(len(symbols), np.uint16)
    encoder = SymbolEncoder()
    encoder.push(symbols, index, tables)
    decoder = SymbolDecoder(encoder.finish())
    assert np.array_equal(decoder.pull(index, tables), symbols)
    decoder.finish()
