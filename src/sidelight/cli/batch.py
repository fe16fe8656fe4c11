"""One command over one file, a folder or a glob: prints what became of each, lists what failed."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from sidelight.bulk.jobs import Job, Jobs
from sidelight.bulk.streams import is_stdout
from sidelight.cli.streams import say, show
from sidelight.errors import reason_of

if TYPE_CHECKING:
    from sidelight.bulk.coding import Record
    from sidelight.bulk.local import Work

Failure = tuple[Job, Exception]


def run_jobs(found: Jobs, work: "Work", *, force: bool, as_json: bool) -> None:
    """Runs every job and prints one line for each.

    Of a folder or a glob, jobs whose target exists are skipped, and a failed one does not stop the
    rest; failures are listed at the end and the exit code is 1.

    Args:
        found: The jobs.
        work: Does one, and raises what is wrong with it.
        force: Whether jobs are done whose target exists.
        as_json: Whether each line is a record.
    """
    jobs = found.jobs
    if not found.several:
        (job,) = jobs
        _print(work(job), as_json=as_json, to_stderr=is_stdout(job.target))
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


def _run_many(jobs: list[Job], work: "Work", *, force: bool, as_json: bool) -> list[Failure]:
    from sidelight.bulk.local import run

    failures: list[Failure] = []
    to_do = [job for job in jobs if force or not Path(job.target).exists()]
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for outcome in progress.track(run(to_do, work), len(to_do), description="coding"):
            if outcome.record is None:
                assert outcome.error is not None  # one of them is there
                failures.append((outcome.job, outcome.error))
            else:
                _print(outcome.record, as_json=as_json)
    if len(to_do) < len(jobs):
        say(
            f"{len(jobs) - len(to_do)} of {len(jobs)} files were there already; --force codes them "
            "again"
        )
    return failures


def _passed_over(kinds: Counter[str]) -> str:
    listed = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return f"{kinds.total()} files of other kinds were passed over: {listed}"


def _print(record: "Record", *, as_json: bool, to_stderr: bool = False) -> None:
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
