"""Runs jobs on this machine."""

import contextlib
import errno
import hashlib
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sidelight.bulk.coding import Coding, Record
from sidelight.bulk.jobs import Job, check_not_source
from sidelight.bulk.places import exists, is_remote, stat
from sidelight.bulk.streams import is_stream, read_bytes
from sidelight.errors import ConfigError, about
from sidelight.files import discard_leftovers
from sidelight.pool import Outcome, carry_out, num_cores

Result = TypeVar("Result")

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What a disk says that takes nothing: full, or read-only."""
_WORTH_PROCESSES = 16
"""Pictures below which a process's start, some seconds, takes longer than it saves."""


@dataclass(frozen=True, slots=True)
class FileWork:
    """Reads a job's file, codes it and writes the other."""

    coding: Coding
    force: bool = False
    """Whether files that exist are replaced."""
    for_manifest: bool = False
    """Whether the record also has what a manifest keeps of both files."""

    def __call__(self, job: Job) -> Record:
        """Returns the job's record; the file is whole, or was not written."""
        check_target(job, force=self.force)
        start = time.perf_counter()
        changed = stat(job.source).changed_ns if self.for_manifest else 0  # as it begins
        with about(job.source):
            data = read_bytes(job.source, self.coding.check_start)
        record = self.coding.write(data, job.source, job.target)
        facts = _facts(data, changed, job.target) if self.for_manifest else {}
        seconds = round(time.perf_counter() - start, 3)
        return {**job._asdict(), **record, "seconds": seconds, **facts}


def _facts(source: bytes, changed_ns: int, target: str) -> Record:
    digest = hashlib.sha256(source).hexdigest()
    return {
        "digest": f"sha256:{digest}",
        "size": len(source),
        "mtime_ns": changed_ns,
        "written": stat(target).size,
    }


def run(
    jobs: Iterable[Job], work: Callable[[Job], Record], processes: int = 1
) -> Generator[Outcome[Job, Record], None, None]:
    """Yields what became of each job as they are done; a failed one stops nothing.

    A full or read-only disk does: the rest would fail too. Closing the iterator ends what is under
    way.

    Args:
        jobs: What there is to do.
        work: Does one; where several processes do, one that can be pickled.
        processes: How many; 1 for this one.

    Raises:
        OSError: The disk is full, or read-only.
    """
    yield from until_full(carry_out(jobs, work, processes, abandoned=_clean_up))


def until_full(
    outcomes: Generator[Outcome[Job, Result], None, None],
) -> Generator[Outcome[Job, Result], None, None]:
    """Yields outcomes until one says that the disk is full, or read-only.

    Raises:
        OSError: It is.
    """
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            if isinstance(outcome.error, OSError) and outcome.error.errno in FULL:
                error = outcome.error
                advice = f"{error.strerror}; what is done stays: make room, then the same again"
                raise OSError(error.errno, advice, error.filename) from error
            yield outcome


def _clean_up(job: Job) -> None:
    if not (is_stream(job.target) or is_remote(job.target)):
        discard_leftovers(Path(job.target))


def default_processes(num_jobs: int) -> int:
    """Returns how many processes are worth their start: one for each core, for many pictures."""
    return num_cores() if num_jobs >= _WORTH_PROCESSES else 1


def check_target(job: Job, *, force: bool) -> None:
    """Checks that nothing is lost by writing a job's target.

    Raises:
        ConfigError: It exists and ``force`` is not given, or is the source.
    """
    if is_stream(job.target):
        return
    check_not_source(job)
    if not force and exists(job.target):
        raise ConfigError(f"{job.target} exists; give --force to replace it")
