"""One command over one file, a folder or a glob: runs the jobs, lists what failed."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from sidelight.cli.jobs import Job, Jobs
from sidelight.cli.streams import STREAM, is_stdout, is_stream, say, show
from sidelight.errors import CodecError, ConfigError, is_out_of_memory, reason_of

Record = dict[str, Any]
Failure = tuple[Job, Exception]


def run_jobs(found: Jobs, work: Callable[[Job], Record], *, force: bool, as_json: bool) -> None:
    """Runs every job and prints one line for each.

    Of a folder or a glob, jobs whose target exists are skipped, and a failed one does not stop the
    rest; failures are listed at the end and the exit code is 1.

    Raises:
        ConfigError: The only job's target exists and ``force`` is not given, or is its source.
    """
    jobs = found.jobs
    if not found.several:
        job = jobs[0]
        _check_target(job, force=force)
        _print(_timed(work, job), as_json=as_json, to_stderr=is_stdout(job.target))
        return
    failures = _run_many(jobs, work, force=force, as_json=as_json)
    if found.passed_over:
        say(_passed_over(found.passed_over))
    if found.unread:
        say(f"{len(found.unread)} folders were not read:")
        for place, reason in found.unread:
            say(f"  {place}: {reason}")
    if failures:
        say(f"{len(failures)} of {len(jobs)} files failed:")
        for job, error in failures:
            say(f"  {job.source}: {reason_of(error).removeprefix(f'{job.source}: ')}")
    if failures or found.unread:
        raise typer.Exit(1)


def _run_many(
    jobs: list[Job], work: Callable[[Job], Record], *, force: bool, as_json: bool
) -> list[Failure]:
    failures: list[Failure] = []
    num_skipped = 0
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for job in progress.track(jobs, description="coding"):
            if Path(job.target).exists() and not force:
                num_skipped += 1
                continue
            try:
                _check_target(job, force=force)
                _print(_timed(work, job), as_json=as_json)
            except (CodecError, OSError, MemoryError, RuntimeError) as error:
                if isinstance(error, RuntimeError) and not is_out_of_memory(error):
                    raise
                failures.append((job, error))
    if num_skipped:
        say(f"{num_skipped} of {len(jobs)} files were there already; --force codes them again")
    return failures


def _check_target(job: Job, *, force: bool) -> None:
    if is_stream(job.target) or not Path(job.target).exists():
        return
    has_source = job.source != STREAM and Path(job.source).exists()
    if has_source and Path(job.source).samefile(job.target):
        raise ConfigError(f"{job.target} is the source itself, which would be lost; name another")
    if not force:
        raise ConfigError(f"{job.target} exists; give --force to replace it")


def _passed_over(kinds: Counter[str]) -> str:
    listed = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return f"{kinds.total()} files of other kinds were passed over: {listed}"


def _timed(work: Callable[[Job], Record], job: Job) -> Record:
    start = time.perf_counter()
    record = work(job)
    return {**job._asdict(), **record, "seconds": round(time.perf_counter() - start, 3)}


def _print(record: Record, *, as_json: bool, to_stderr: bool = False) -> None:
    notes = record.pop("notes", [])
    for note in notes:
        say(f"{record['source']}: {note}")
    if as_json:
        show(json.dumps({**record, "notes": notes}), to_stderr=to_stderr)
    else:
        show(
            f"{record['source']} -> {record['target']}: {record['bytes']} bytes, "
            f"{record['bpp']:.4f} bpp, {record['seconds']:.2f} s",
            to_stderr=to_stderr,
        )
