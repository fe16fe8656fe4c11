"""Runs jobs on this machine."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sidelight.bulk.coding import Coding, Record
from sidelight.bulk.jobs import Job
from sidelight.bulk.streams import STREAM, is_stream, read_bytes, write_bytes
from sidelight.errors import CodecError, ConfigError, is_out_of_memory

Work = Callable[[Job], Record]


class Outcome(NamedTuple):
    """What became of one job."""

    job: Job
    record: Record | None
    """None where it failed."""
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class FileWork:
    """Reads a job's file, codes it and writes the other."""

    coding: Coding
    force: bool = False
    """Whether files that exist are replaced."""

    def __call__(self, job: Job) -> Record:
        """Returns the job's record; the file is whole, or was not written."""
        check_target(job, force=self.force)
        start = time.perf_counter()
        coded = self.coding.code(read_bytes(job.source, self.coding.check_start), job.source)
        write_bytes(job.target, coded.data)
        seconds = round(time.perf_counter() - start, 3)
        return {**job._asdict(), **coded.record, "seconds": seconds}


def run(jobs: Iterable[Job], work: Work) -> Iterator[Outcome]:
    """Runs jobs in this process and yields what became of each; a failed one stops nothing."""
    for job in jobs:
        try:
            outcome = Outcome(job, work(job))
        except (CodecError, OSError, MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not is_out_of_memory(error):
                raise
            outcome = Outcome(job, None, error)
        yield outcome


def check_target(job: Job, *, force: bool) -> None:
    """Checks that nothing is lost by writing a job's target.

    Raises:
        ConfigError: It exists and ``force`` is not given, or is the source.
    """
    if is_stream(job.target) or not Path(job.target).exists():
        return
    has_source = job.source != STREAM and Path(job.source).exists()
    if has_source and Path(job.source).samefile(job.target):
        raise ConfigError(f"{job.target} is the source itself, which would be lost; name another")
    if not force:
        raise ConfigError(f"{job.target} exists; give --force to replace it")
