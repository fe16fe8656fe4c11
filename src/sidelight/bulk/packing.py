"""Files of a folder or a glob, packed into one shard."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, Protocol

from sidelight.bulk.jobs import Job
from sidelight.bulk.places import is_remote, join
from sidelight.bulk.rows import Row, RowSource, Write
from sidelight.captions.members import SUFFIXES


class PackedFile(NamedTuple):
    """A picture's file, and what it is to be called in the shard."""

    place: str
    key: str
    """Relative, without suffix."""

    def beside(self) -> dict[str, bytes]:
        """Returns the files with captions that lie beside it, by suffix; a store is not asked."""
        if is_remote(self.place):
            return {}
        found = {suffix: Path(self.place).with_suffix(suffix) for suffix in SUFFIXES}
        return {suffix: path.read_bytes() for suffix, path in found.items() if path.is_file()}


class Packs(RowSource, Protocol):
    """A kind of shard that files can be packed into."""

    def packed(self, files: Iterator[PackedFile]) -> Iterator[Row]:
        """Yields a row for each file, whose picture a worker will read."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Yields files as rows; writes as another kind of shard does."""

    kind: Packs
    jobs: list[Job]
    target: str
    """The shard; targets of jobs are named as if it were a folder."""

    @property
    def suffix(self) -> str:
        """Of the shard."""
        return self.kind.suffix

    def prepare(self) -> None:
        """As for the kind of shard."""
        self.kind.prepare()

    def rows(self, place: str) -> Iterator[Row]:  # noqa: ARG002  # the folder, which was read
        """Yields a row for each file."""
        start = len(join(self.target, "x")) - 1
        return self.kind.packed(
            PackedFile(job.source, str(PurePosixPath(job.target[start:]).with_suffix("")))
            for job in self.jobs
        )

    def writer(self, stream: BinaryIO, suffix: str) -> AbstractContextManager[Write]:
        """As for the kind of shard."""
        return self.kind.writer(stream, suffix)

    def beside(self, row: Row) -> dict[str, bytes]:
        """As for the kind of shard."""
        return self.kind.beside(row)
