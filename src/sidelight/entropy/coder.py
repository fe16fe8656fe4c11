"""Integer symbols to bytes by constriction's range coder: the only file that touches it.

Symbols are coded in groups that share a table. constriction turns a table's integer frequencies
(below 2^24, exact in float32) into its own fixed-point model by IEEE multiplications, which every
machine rounds alike. It cannot tell damaged words from good ones: callers frame the bytes with a
length and a CRC, and ``finish`` checks that all words were used.
"""

from collections.abc import Iterator

import constriction
import numpy as np

from sidelight.entropy.tables import FREQUENCY_TOTAL, SymbolTables
from sidelight.errors import CorruptBitstreamError

WORD_BYTES = 4
_DIGIT_BITS = 4
_MAX_DIGITS = 8
_PART = 2**20
"""Symbols that are looked at together."""
_DIGIT_COUNT = constriction.stream.model.Uniform(_MAX_DIGITS + 1)
_DIGIT = constriction.stream.model.Uniform(1 << _DIGIT_BITS)


class CodingTables:
    """Symbol tables with the coder's model of each; made once per codec."""

    def __init__(self, tables: SymbolTables) -> None:
        self._tables = tables
        self.first = tables.first.astype(np.int64)
        self.escape = tables.lengths.astype(np.int64) - 1
        self.models = [
            constriction.stream.model.Categorical(
                (tables.table(k) / FREQUENCY_TOTAL).astype(np.float32), perfect=False
            )
            for k in range(len(tables))
        ]

    def __len__(self) -> int:
        return len(self.models)

    def __reduce__(self) -> tuple[type["CodingTables"], tuple[SymbolTables]]:
        return CodingTables, (self._tables,)  # the coder's models cannot be pickled


class SymbolEncoder:
    """Collects symbols and gives their words."""

    def __init__(self) -> None:
        self._coder = constriction.stream.queue.RangeEncoder()

    def push(self, symbols: np.ndarray, index: np.ndarray, tables: CodingTables) -> None:
        """Codes int32 ``symbols``, each by the table that ``index`` (uint8 or uint16) names."""
        grouped = _Groups(index, len(tables))
        values = grouped.gather(symbols.reshape(-1))
        for k, members in grouped:
            escaped = []
            for part in _parts(values[members]):
                entries = part - tables.first[k]
                outside = (entries < 0) | (entries >= tables.escape[k])
                entries[outside] = tables.escape[k]
                self._coder.encode(entries.astype(np.int32), tables.models[k])
                if outside.any():
                    escaped.append(part[outside].astype(np.int64))
            if escaped:
                self._push_escaped(np.concatenate(escaped))

    def _push_escaped(self, values: np.ndarray) -> None:
        zigzag = ((values << 1) ^ (values >> 63)).astype(np.uint64)
        if (zigzag >> np.uint64(_DIGIT_BITS * _MAX_DIGITS)).any():
            raise ValueError("a symbol does not fit in 32 bits")
        digits = (zigzag[:, None] >> _digit_shifts()) & np.uint64((1 << _DIGIT_BITS) - 1)
        counts = _MAX_DIGITS - (digits[:, ::-1] != 0).argmax(1)
        counts[zigzag == 0] = 0
        used = np.arange(_MAX_DIGITS) < counts[:, None]
        self._coder.encode(counts.astype(np.int32), _DIGIT_COUNT)
        self._coder.encode(digits[used].astype(np.int32), _DIGIT)

    def finish(self) -> bytes:
        """Returns the words, little-endian."""
        return self._coder.get_compressed().astype("<u4").tobytes()


class SymbolDecoder:
    """Gives back symbols in the order in which they were pushed."""

    def __init__(self, payload: bytes) -> None:
        if len(payload) % WORD_BYTES:
            raise CorruptBitstreamError(
                f"coded latents have {len(payload)} bytes, expected a multiple of {WORD_BYTES}"
            )
        words = np.frombuffer(payload, "<u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def pull(self, index: np.ndarray, tables: CodingTables) -> np.ndarray:
        """Returns int32 symbols in the shape of ``index``.

        Raises:
            CorruptBitstreamError: The words cannot have come from these tables.
        """
        grouped = _Groups(index, len(tables))
        values = np.empty(index.size, np.int32)
        for k, members in grouped:
            of_table = values[members]
            for part in _parts(of_table):
                part[:] = self._decode(tables.models[k], len(part))
            outside = of_table == tables.escape[k]
            of_table += np.int32(tables.first[k])
            if outside.any():
                of_table[outside] = self._pull_escaped(int(outside.sum()))
        return grouped.scatter(values).reshape(index.shape)

    def _pull_escaped(self, count: int) -> np.ndarray:
        counts = self._decode(_DIGIT_COUNT, count)
        used = np.arange(_MAX_DIGITS) < counts[:, None]
        digits = np.zeros((count, _MAX_DIGITS), np.uint64)
        digits[used] = self._decode(_DIGIT, int(counts.sum())).astype(np.uint64)
        zigzag = (digits << _digit_shifts()).sum(1).astype(np.int64)
        return (zigzag >> 1) ^ -(zigzag & 1)

    def _decode(self, model: "constriction.stream.model.Model", count: int) -> np.ndarray:
        try:
            decoded: np.ndarray = self._coder.decode(model, count)
        except (AssertionError, ValueError) as error:
            raise CorruptBitstreamError(f"coded latents are damaged: {error}") from None
        return decoded

    def finish(self) -> None:
        """Checks that the words are used up.

        Raises:
            CorruptBitstreamError: Words are left over.
        """
        if not self._coder.maybe_exhausted():
            raise CorruptBitstreamError("coded latents go on after the last symbol")


class _Groups:
    """Which symbols share a table: tables ascend, and in each the symbols' places.

    What is gathered lies group after group. It is done part by part, because the order of a large
    picture's symbols would take four times their own memory.
    """

    def __init__(self, index: np.ndarray, num_tables: int) -> None:
        self._index, self._num_tables = index.reshape(-1), num_tables
        sizes = np.zeros(num_tables, np.int64)
        for part in _parts(self._index):
            sizes += np.bincount(part, minlength=num_tables)
        self._ends = np.cumsum(sizes)
        self._starts = self._ends - sizes

    def __iter__(self) -> Iterator[tuple[int, slice]]:
        """Yields each used table, and where its group lies."""
        for k in np.flatnonzero(self._ends > self._starts).tolist():
            yield k, slice(int(self._starts[k]), int(self._ends[k]))

    def gather(self, values: np.ndarray) -> np.ndarray:
        """Returns the values group after group."""
        if len(values) <= _PART:
            return values[np.argsort(self._index, kind="stable")]
        gathered = np.empty_like(values)
        for part, order, pieces in self._walk():
            found, start = values[part][order], 0
            for members in pieces:
                size = members.stop - members.start
                gathered[members] = found[start : start + size]
                start += size
        return gathered

    def scatter(self, gathered: np.ndarray) -> np.ndarray:
        """Returns the values at their places again."""
        values = np.empty_like(gathered)
        if len(values) <= _PART:
            values[np.argsort(self._index, kind="stable")] = gathered
            return values
        for part, order, pieces in self._walk():
            values[part][order] = np.concatenate([gathered[members] for members in pieces])
        return values

    def _walk(self) -> Iterator[tuple[slice, np.ndarray, list[slice]]]:
        """Yields parts of the symbols, their order by table, and where each piece lies gathered."""
        reached = self._starts.copy()
        for start in range(0, len(self._index), _PART):
            part = slice(start, start + _PART)
            index = self._index[part]
            sizes = np.bincount(index, minlength=self._num_tables)
            pieces = [slice(reached[k], reached[k] + sizes[k]) for k in np.flatnonzero(sizes)]
            yield part, np.argsort(index, kind="stable"), pieces
            reached += sizes


def _parts(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yields views of flat values, one after the other."""
    for start in range(0, len(values), _PART):
        yield values[start : start + _PART]


def _digit_shifts() -> np.ndarray:
    return np.arange(0, _DIGIT_BITS * _MAX_DIGITS, _DIGIT_BITS, dtype=np.uint64)
