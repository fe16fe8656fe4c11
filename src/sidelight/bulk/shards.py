"""Codes shards row by row, each into a shard of its kind or into a folder of files."""

import contextlib
import glob
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from sidelight.bulk.coding import Coded, Record
from sidelight.bulk.jobs import Job, check_folder, check_not_source, check_there
from sidelight.bulk.local import FULL
from sidelight.bulk.packing import Packing, Packs
from sidelight.bulk.parquet import ParquetShards
from sidelight.bulk.places import (
    Stat,
    answer_of,
    exists,
    is_folder,
    is_remote,
    join,
    listed,
    plain,
    stat,
    write,
    writing,
)
from sidelight.bulk.rows import Row, RowSource, RowWork, Write
from sidelight.bulk.tar_shards import TarShards
from sidelight.errors import ConfigError, reason_of
from sidelight.globs import all_matches
from sidelight.pool import Outcome, carry_out, in_order, is_of_the_input

SUFFIXES = (TarShards.suffix, ".parquet")
_AHEAD = 8
"""Rows of one process that may be done before the oldest, whose pictures wait in memory."""


@dataclass(slots=True)
class ShardDone:
    """What became of one shard."""

    job: Job
    stat: Stat
    """Of its source, before it was read."""
    error: Exception | None = None
    """Why it was not read to its end."""
    num_coded: int = 0
    rows: list[Record] = field(default_factory=list)
    """What is told of each row."""
    written: int = -1
    """Size of its target; -1 for a folder."""
    seconds: float = 0.0


class _Placed(NamedTuple):
    """A row, and the shard that it is of."""

    shard: ShardDone
    row: Row
    """Without a name it is the shard's end."""


def is_shard(place: str) -> bool:
    """Returns whether SOURCE or TARGET names shards: by the suffix of a file or a glob."""
    return PurePosixPath(place).suffix.lower() in SUFFIXES and not is_folder(plain(place))


def packed_name(target: str) -> str:
    """Returns the folder that stands for a shard while it is found what is to be packed into it."""
    return f"{plain(target)}.files"


def kind_of(
    shard: str,
    *,
    image_column: str | None = None,
    caption_column: str | None = None,
    unpack: bool = False,
) -> Packs:
    """Returns what reads and writes such shards as are named, or only reads them to unpack them.

    Raises:
        ConfigError: It needs a package that is not installed, or has no columns.
    """
    kind: Packs
    if PurePosixPath(shard).suffix.lower() == TarShards.suffix:
        if image_column or caption_column:
            raise ConfigError("columns are those of Parquet files, these are tar shards")
        kind = TarShards()
    else:
        kind = ParquetShards(image_column, caption_column, adds_columns=not unpack)
    kind.prepare()
    return kind


def find_shards(source: str, target: str, *, unpack: bool) -> list[Job]:
    """Returns the shards that SOURCE stands for, and what each becomes.

    Args:
        source: A shard, or a glob of shards.
        target: A shard for one source, else a folder.
        unpack: Whether each becomes a folder of files in TARGET.

    Raises:
        OSError: The one shard is not there.
        ConfigError: A glob matches none, TARGET does not suit them, or a shard is its own target.
    """
    source, target = plain(source), plain(target)
    suffix = PurePosixPath(source).suffix.lower()
    if is_remote(source):
        found = [place for place, _ in listed(source)] if "*" in source else [source]
    elif Path(source).exists() or not glob.has_magic(source):
        check_there(source)
        found = [source]
    else:
        found = all_matches(source)
    if not found:
        raise ConfigError(f"{source}: no shard to read")
    asked = "" if is_folder(target) else PurePosixPath(target).suffix.lower()
    wanted = "a folder" if unpack or len(found) > 1 else f"a folder or a {suffix} file"
    if asked in SUFFIXES and (unpack or len(found) > 1 or asked != suffix):
        raise ConfigError(f"{target} must be {wanted}: shards become shards of their own kind")
    if asked == suffix:
        jobs = [Job(found[0], target)]
    else:
        check_folder(target, f"must be {wanted}, because {source} holds many pictures")
        jobs = [Job(place, join(target, _name(place, unpack=unpack))) for place in found]
    if len({job.target for job in jobs}) < len(jobs):
        raise ConfigError(f"{source} matches two shards of one name, which would become one")
    for job in jobs:
        check_not_source(job)
    return jobs


def _name(place: str, *, unpack: bool) -> str:
    path = PurePosixPath(place)
    return path.stem if unpack else path.name


@dataclass(frozen=True, slots=True)
class ShardWork:
    """How shards are coded: row by row by many, or each as a whole by a worker elsewhere."""

    kind: RowSource
    work: RowWork
    unpack: bool = False
    only_new: bool = False
    """Whether files to unpack are left alone where they exist."""

    def __call__(self, job: Job) -> list[Outcome[Job, Record] | ShardDone]:
        """Codes one shard."""
        return list(self.run([job], 1))

    def run(
        self, jobs: Iterable[Job], processes: int
    ) -> Generator[Outcome[Job, Record] | ShardDone, None, None]:
        """Yields as ``run_shards`` does."""
        is_there = _is_there if self.only_new else lambda _: False
        return run_shards(
            jobs, self.kind, self.work, processes, unpack=self.unpack, is_there=is_there
        )


def _is_there(file: str) -> bool:
    return answer_of(lambda: exists(file), if_refused=False)  # to write it will say why


def run_shards(
    jobs: Iterable[Job],
    kind: RowSource,
    work: RowWork,
    processes: int,
    *,
    unpack: bool = False,
    is_there: Callable[[str], bool] = lambda _: False,
) -> Generator[Outcome[Job, Record] | ShardDone, None, None]:
    """Yields what became of each row in its order, and of each shard when its target is there.

    Args:
        jobs: Which shard becomes what.
        kind: Reads and writes them.
        work: Codes a row.
        processes: How many rows at a time; 1 for this process.
        unpack: Whether targets are folders of files.
        is_there: Says of a file to unpack that it need not be made again.

    Raises:
        OSError: A shard cannot be written.
    """
    suffix = work.coding.suffix
    skipped = is_there if unpack else lambda _: False
    placed = _placed(jobs, kind, lambda job, row: skipped(_place(job, row, suffix)))
    outcomes = carry_out(placed, work, processes, sent=_sent, ahead=_AHEAD * processes)
    with contextlib.closing(outcomes):
        ordered = in_order(outcomes)
        for first in ordered:
            yield from _one_shard(first, ordered, kind, suffix, unpack=unpack)


def _sent(placed: _Placed) -> Row:
    return placed.row._replace(name=_name_of(placed), kept=None)


def _name_of(placed: _Placed) -> str:
    return placed.row.place or f"{placed.shard.job.source}/{placed.row.name}"


def _place(job: Job, row: Row, suffix: str) -> str:
    return join(job.target, *PurePosixPath(row.name + suffix).parts)


def _placed(
    jobs: Iterable[Job], kind: RowSource, is_skipped: Callable[[Job, Row], bool]
) -> Iterator[_Placed]:
    for job in jobs:
        shard = ShardDone(job, Stat(0, 0))
        error: Exception | None = None
        try:
            if not isinstance(kind, Packing):
                shard.stat = stat(job.source)
            for row in kind.rows(job.source):
                if not is_skipped(job, row):
                    yield _Placed(shard, row)
        except Exception as found:
            if not is_of_the_input(found):
                raise
            error = found
        yield _Placed(shard, Row("", error=error))


def _one_shard(
    first: Outcome[_Placed, Coded | None],
    rest: Iterator[Outcome[_Placed, Coded | None]],
    kind: RowSource,
    suffix: str,
    *,
    unpack: bool,
) -> Iterator[Outcome[Job, Record] | ShardDone]:
    """Writes one shard, whose first outcome was taken already, to its end."""
    shard, start = first.job.shard, time.monotonic()
    if first.job.row.name == "" and first.error is not None:  # nothing could be read
        shard.error = first.error
        yield shard
        return
    with contextlib.ExitStack() as stack:
        take: Write
        if unpack:
            take = _Files(shard.job, kind, suffix)
        else:
            stream = stack.enter_context(writing(shard.job.target))
            take = stack.enter_context(kind.writer(stream, suffix))
        outcome = first
        while outcome.job.row.name:
            row, coded, error = outcome.job.row, outcome.result, outcome.error
            try:
                take(row, coded, error)
            except OSError as failed:  # a file that cannot be; a shard that cannot ends the run
                if not unpack or failed.errno in FULL:
                    raise
                coded, error = None, failed
            job = Job(_name_of(outcome.job), _place(shard.job, row, suffix))
            record = None if coded is None else {**job._asdict(), **coded.record}
            shard.rows.append(_told(row, record, error))
            shard.num_coded += coded is not None
            yield Outcome(job, record, error)
            outcome = next(rest)
        shard.error = outcome.error
    if not unpack:
        shard.written = stat(shard.job.target).size
    shard.seconds = round(time.monotonic() - start, 3)
    yield shard


def _told(row: Row, record: Record | None, error: Exception | None) -> Record:
    told: dict[str, Any] = {"name": row.name}
    if record is not None:
        left_out = ("source", "target", "notes")
        told |= {key: value for key, value in record.items() if key not in left_out}
    return {**told, "error": None if error is None else reason_of(error)}


@dataclass(frozen=True, slots=True)
class _Files:
    """Writes rows as files into a folder."""

    job: Job
    kind: RowSource
    suffix: str

    def __call__(self, row: Row, coded: Coded | None, _: Exception | None) -> None:
        if coded is None:
            return
        for suffix, data in self.kind.beside(row).items():
            write(_place(self.job, row, suffix), data)
        write(_place(self.job, row, self.suffix), coded.data)
