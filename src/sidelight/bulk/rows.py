"""Pictures that are no files of their own: members of tar shards, rows of Parquet tables."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Protocol

from sidelight.bulk.coding import Coded, Coding
from sidelight.bulk.streams import read_bytes


class Row(NamedTuple):
    """A picture in a shard, and what stands beside it."""

    name: str
    """Tells it from the others of its shard; a relative path without suffix."""
    data: bytes = b""
    """The picture's file."""
    caption: str = ""
    error: Exception | None = None
    """Why there is no picture."""
    place: str = ""
    """Where the picture's file is to be read, if ``data`` does not have it; its caption, too."""
    kept: Any = None
    """What the shard's own kind of writer needs beside the picture."""


Write = Callable[[Row, Coded | None, Exception | None], None]
"""Takes a row with its coded picture, or with the reason why there is none."""


class RowSource(Protocol):
    """A kind of shard that is read and written."""

    @property
    def suffix(self) -> str:
        """Of its files, with the dot."""

    def prepare(self) -> None:
        """Looks whether the packages that it needs are there.

        Raises:
            ConfigError: One is not.
        """

    def rows(self, place: str) -> Iterator[Row]:
        """Yields the rows of a shard, one at a time.

        Raises:
            OSError: It cannot be read.
            CodecError: It is damaged, or holds no pictures; what came before was yielded.
        """

    def writer(self, stream: BinaryIO, suffix: str) -> AbstractContextManager[Write]:
        """Yields what takes every row in its order.

        Args:
            stream: Gets the shard.
            suffix: Of the coded pictures.
        """

    def beside(self, row: Row) -> dict[str, bytes]:
        """Returns what stands beside a row's picture, by the suffixes of files to keep it in."""


@dataclass(frozen=True, slots=True)
class RowWork:
    """Codes rows."""

    coding: Coding

    def __call__(self, row: Row) -> Coded | None:
        """Returns the row's picture in its new form; None for the end of a shard."""
        if row.error is not None:
            raise row.error
        if not (row.data or row.place):
            return None
        start = time.perf_counter()
        if row.place:
            data = read_bytes(row.place, self.coding.check_start)
            coded = self.coding.code(data, row.place)
        else:
            data = row.data
            self.coding.check_start(data)
            coded = self.coding.code(data, row.name, row.caption)
        seconds = round(time.perf_counter() - start, 3)
        digest = hashlib.sha256(data).hexdigest()
        facts = {"seconds": seconds, "digest": f"sha256:{digest}"}
        return Coded(coded.data, {**coded.record, **facts})
