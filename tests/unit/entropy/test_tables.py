import math

import numpy as np
import pytest

from sidelight.entropy.tables import (
    FREQUENCY_TOTAL,
    SymbolTables,
    gaussian_tables,
    trim_tails,
)
from sidelight.errors import CheckpointError

SCALES = [0.11, 0.5, 1.0, 30.0, 256.0]


def cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def test_every_gaussian_table_sums_to_the_total_without_a_zero():
    tables = gaussian_tables(SCALES)
    for k in range(len(tables)):
        assert tables.table(k).sum() == FREQUENCY_TOTAL
        assert tables.table(k).min() >= 1


@pytest.mark.parametrize("scale", [0.3, 1.0, 12.5])
def test_a_gaussian_table_holds_the_mass_of_each_integer(scale):
    tables = gaussian_tables([scale])
    frequencies, first = tables.table(0), int(tables.first[0])
    expected = [
        cdf((v + 0.5) / scale) - cdf((v - 0.5) / scale)
        for v in range(first, first + len(frequencies) - 1)
    ]
    # one count is kept for every entry, the rest is shared out to less than one count
    error = frequencies[:-1] - np.array(expected) * FREQUENCY_TOTAL
    assert np.abs(error).max() <= 1 + len(frequencies) * max(expected)


def test_a_gaussian_table_is_symmetric():
    tables = gaussian_tables([3.0])
    body = tables.table(0)[:-1].astype(int)
    assert int(tables.first[0]) == -(len(body) // 2)
    assert np.abs(body - body[::-1]).max() <= 1


def test_a_gaussian_table_leaves_less_than_a_billionth_outside():
    tables = gaussian_tables(SCALES)
    for k, scale in enumerate(SCALES):
        inside = len(tables.table(k)) - 1
        assert 2 * cdf(-inside / 2 / scale) < 1e-9


def test_the_escape_takes_what_the_masses_lack():
    tables = SymbolTables.from_masses([np.array([0.5, 0.25])], [7])
    assert tables.table(0).tolist() == [2**19, 2**18, 2**18]
    assert tables.first.tolist() == [7]


def test_a_certain_symbol_leaves_one_count_for_every_other():
    tables = SymbolTables.from_masses([np.array([0.0, 1.0, 0.0])], [-1])
    assert tables.table(0).tolist() == [1, FREQUENCY_TOTAL - 3, 1, 1]


def test_tables_of_different_lengths_lie_end_to_end():
    masses = [np.full(n, 1 / n) for n in (3, 1, 5)]
    tables = SymbolTables.from_masses(masses, [0, -4, 9])
    assert len(tables) == 3
    assert tables.lengths.tolist() == [4, 2, 6]
    joined = np.concatenate([tables.table(k) for k in range(3)])
    assert np.array_equal(joined, tables.frequencies)


def test_trimming_keeps_all_but_one_count_on_either_side():
    count = 1 / FREQUENCY_TOTAL
    tails = np.array([0.001, 0.4, 0.7, 0.9, 0.1]) * count
    masses = np.concatenate([tails[:3], [0.4, 0.6 - tails.sum()], tails[3:]])
    trimmed, first = trim_tails(masses, -3)
    # 0.401 counts go, 1.101 would not; 0.1 goes, 1.0 would not
    assert trimmed.tolist() == masses[2:6].tolist()
    assert first == -1


def test_trimming_keeps_a_single_value():
    trimmed, first = trim_tails(np.array([0.0, 0.0, 1.0, 0.0]), 10)
    assert (trimmed.tolist(), first) == ([1.0], 12)


def arrays(frequencies: list[int], lengths: list[int], first: list[int]) -> SymbolTables:
    return SymbolTables(
        np.array(frequencies, np.uint32), np.array(lengths, np.int32), np.array(first, np.int32)
    )


HALF = FREQUENCY_TOTAL // 2


@pytest.mark.parametrize(
    ("frequencies", "lengths", "first", "message"),
    [
        ([HALF, HALF], [2], [0, 0], "1 table lengths, 2 offsets"),
        ([HALF, HALF, 1], [2], [0], "do not add up"),
        ([HALF, HALF, FREQUENCY_TOTAL], [2, 1], [0, 0], "do not add up"),
        ([HALF, HALF, 1], [5, -2], [0, 0], "do not add up"),
        ([HALF, HALF - 1], [2], [0], "positive and sum to 1048576"),
        ([FREQUENCY_TOTAL, 0], [2], [0], "positive and sum to 1048576"),
        ([HALF - 1, HALF, HALF + 1, HALF], [2, 2], [0, 0], "positive and sum to 1048576"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(frequencies, lengths, first, message):
    with pytest.raises(CheckpointError, match=message):
        arrays(frequencies, lengths, first)
