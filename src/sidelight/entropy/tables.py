"""Integer frequency tables, built once when a model is exported and stored in its checkpoint."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sidelight.errors import CheckpointError

FREQUENCY_TOTAL = 2**20
"""The frequencies of every table sum to this."""
_TAIL_MASS = 1 / FREQUENCY_TOTAL


@dataclass(frozen=True, slots=True)
class SymbolTables:
    """Frequency tables of several symbol distributions, stored end to end.

    Table k covers the values ``first[k], first[k] + 1, ...``; its last entry is the escape symbol,
    which stands for every value outside.
    """

    frequencies: np.ndarray
    """uint32, all tables concatenated."""
    lengths: np.ndarray
    """int32, entries of each table, escape included."""
    first: np.ndarray
    """int32, the value of each table's first entry."""

    def __post_init__(self) -> None:
        if len(self.lengths) != len(self.first) or len(self.lengths) > 2**16:
            raise CheckpointError(f"{len(self.lengths)} table lengths, {len(self.first)} offsets")
        if (self.lengths < 2).any() or self.lengths.sum() != len(self.frequencies):
            raise CheckpointError("table lengths do not add up to the number of frequencies")
        totals = np.add.reduceat(self.frequencies.astype(np.int64), self._starts())
        if (self.frequencies < 1).any() or (totals != FREQUENCY_TOTAL).any():
            raise CheckpointError(f"every table must be positive and sum to {FREQUENCY_TOTAL}")

    def __len__(self) -> int:
        return len(self.lengths)

    def table(self, k: int) -> np.ndarray:
        """Returns the frequencies of table ``k``."""
        start = int(self._starts()[k])
        return self.frequencies[start : start + int(self.lengths[k])]

    def bits(self, symbols: np.ndarray, index: np.ndarray) -> np.ndarray:
        """Returns the ideal bits of each symbol by the table that ``index`` names.

        A value outside its table counts as the escape; the digits that follow are left out.
        """
        escape = self.lengths[index].astype(np.int64) - 1
        entry = symbols.astype(np.int64) - self.first[index]
        entry = np.where((entry < 0) | (entry > escape), escape, entry)
        return -np.log2(self.frequencies[self._starts()[index] + entry] / FREQUENCY_TOTAL)

    def _starts(self) -> np.ndarray:
        return np.cumsum(self.lengths) - self.lengths

    @classmethod
    def from_masses(cls, masses: Sequence[np.ndarray], first: Sequence[int]) -> "SymbolTables":
        """Builds tables from probabilities; what they lack to one becomes the escape's."""
        tables = [_to_frequencies(np.append(mass, max(0.0, 1 - mass.sum()))) for mass in masses]
        return cls(
            frequencies=np.concatenate(tables).astype(np.uint32),
            lengths=np.array([len(table) for table in tables], np.int32),
            first=np.array(first, np.int32),
        )


def gaussian_tables(scales: Sequence[float]) -> SymbolTables:
    """Builds one table per standard deviation, for residuals that were rounded to integers."""
    masses, first = [], []
    for scale in scales:
        half_width = math.ceil(6.12 * scale)
        edges = (np.arange(-half_width, half_width + 2) - 0.5) / scale
        below = np.array([0.5 * math.erfc(-edge / math.sqrt(2)) for edge in edges])
        above = np.array([0.5 * math.erfc(edge / math.sqrt(2)) for edge in edges])
        # each difference in the tail where it loses no digits
        masses.append(np.where(edges[:-1] < 0, np.diff(below), -np.diff(above)))
        first.append(-half_width)
    return SymbolTables.from_masses(masses, first)


def trim_tails(masses: np.ndarray, first: int) -> tuple[np.ndarray, int]:
    """Returns the span of ``masses`` outside which less than one count lies on either side."""
    below = np.searchsorted(np.cumsum(masses), _TAIL_MASS)
    above = np.searchsorted(np.cumsum(masses[::-1]), _TAIL_MASS)
    begin, end = int(below), len(masses) - int(above)
    return masses[begin : max(end, begin + 1)], first + begin


def _to_frequencies(mass: np.ndarray) -> np.ndarray:
    """Returns positive integers that sum to the total, close to ``mass``."""
    spare = FREQUENCY_TOTAL - len(mass)
    exact = mass / mass.sum() * spare
    frequencies = np.floor(exact).astype(np.int64) + 1
    missing = FREQUENCY_TOTAL - int(frequencies.sum())
    largest_remainders = np.argsort(np.floor(exact) - exact, kind="stable")[:missing]
    frequencies[largest_remainders] += 1
    return frequencies
