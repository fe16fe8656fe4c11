"""One command over one file, a folder or a glob: prints what became of each, lists what failed."""

import contextlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from sidelight.bulk.jobs import Job, Jobs, among_sources
from sidelight.bulk.places import existing, is_remote, plain
from sidelight.bulk.streams import is_stdout, is_stream
from sidelight.cli.messages import count, say, show
from sidelight.cli.options import Engine
from sidelight.cli.progress import Counted
from sidelight.errors import ConfigError, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from sidelight.bulk.coding import Coding, Record
    from sidelight.bulk.manifest import Manifest
    from sidelight.bulk.ray import Cluster
    from sidelight.pool import Outcome

    Outcomes = Generator[Outcome[Job, Record], None, None]

Failure = tuple[Job, Exception]


def cluster_of(
    engine: Engine, address: str | None, workers: int | None, gpus: float = 0.0
) -> "Cluster | None":
    """Returns the machines that options name; None for this one, without Ray.

    Raises:
        BadParameter: Something is asked of Ray alone, and Ray is not.
    """
    if engine is Engine.RAY:
        from sidelight.bulk.ray import Cluster

        return Cluster(address=address, workers=workers, gpus=gpus)
    if address is not None or gpus:
        option = "--gpus" if address is None else "--address"
        raise typer.BadParameter(f"{option} is for --engine ray")
    return None


class RunOptions(NamedTuple):
    """How pictures are to be coded, whatever they are and wherever they lie."""

    processes: int | None
    """How many pictures at a time; None for what suits their number."""
    cluster: "Cluster | None"
    """Codes in place of processes."""
    manifest: Path | None
    """Keeps what became of each, where there are several."""
    force: bool
    """Whether what exists is replaced."""
    as_json: bool
    """Whether each line is a record."""


def check_manifest(manifest: Path | None, target: str) -> None:
    """Checks that a manifest may be a file beside what is to be made.

    Raises:
        BadParameter: It is a stream, TARGET itself, or would be a folder that TARGET lies in.
    """
    if manifest is None:
        return
    if is_stream(str(manifest)):
        raise typer.BadParameter(
            f"--manifest {manifest} is no file that a later run could go on from; name one"
        )
    made = Path(os.path.realpath(plain(target)))
    if not is_remote(plain(target)) and made.is_relative_to(os.path.realpath(manifest)):
        raise typer.BadParameter(
            f"--manifest {manifest} is where TARGET {target} is to be; name another file, such as "
            f"{manifest}.jsonl"
        )


def code_files(found: Jobs, coding: "Coding", options: RunOptions) -> None:
    """Codes one file or many, and prints as ``run_jobs`` does.

    Args:
        found: The files.
        coding: What is to be done with each.
        options: How.
    """
    from sidelight.bulk.local import FileWork
    from sidelight.bulk.manifest import Manifest

    if not found.several:
        if options.manifest is not None:
            raise typer.BadParameter("--manifest is for folders and globs, this is one file")
        if options.cluster is not None:
            raise typer.BadParameter("--engine ray is for folders and globs, this is one file")
        run_jobs(
            found,
            FileWork(coding, force=options.force),
            force=options.force,
            as_json=options.as_json,
        )
        return
    coding.prepare()
    # whether a target may be replaced is known before the workers begin
    work = FileWork(coding, force=True, for_manifest=options.manifest is not None)
    with contextlib.ExitStack() as stack:
        opened = None
        if options.manifest:
            opened = stack.enter_context(Manifest.opened(options.manifest, coding))
        run_jobs(
            found,
            work,
            processes=options.processes,
            cluster=options.cluster,
            manifest=opened,
            force=options.force,
            as_json=options.as_json,
        )


def run_jobs(
    found: Jobs,
    work: "Callable[[Job], Record]",
    *,
    processes: int | None = None,
    cluster: "Cluster | None" = None,
    manifest: "Manifest | None" = None,
    force: bool,
    as_json: bool,
) -> None:
    """Runs every job and prints one line for each, as they are done.

    Of a folder or a glob, jobs whose target exists are skipped, or those that the manifest vouches
    for; a failed one does not stop the rest. Failures are listed at the end, the exit code is 1.

    Args:
        found: The jobs.
        work: Does one, and raises what is wrong with it.
        processes: How many at a time; None for what suits their number.
        cluster: Runs them in place of processes.
        manifest: Is told what became of each.
        force: Whether no job is skipped, and what exists is replaced.
        as_json: Whether each line is a record.

    Raises:
        ConfigError: A file would be replaced that may be a source, or of which the manifest does
            not tell.
    """
    jobs = found.jobs
    if not found.several:
        (job,) = jobs
        print_record(work(job), as_json=as_json, to_stderr=is_stdout(job.target))
        return
    not_ours = among_sources([j for j in jobs if manifest is None or not manifest.tells_of(j)])
    if not_ours and (force or manifest is not None):
        raise ConfigError(_not_replaced(not_ours))
    if force:
        to_do = jobs
    elif manifest is not None:
        to_do = [job for job in jobs if not manifest.vouches_for(job)]
    else:
        there = existing(job.target for job in jobs)
        to_do = [job for job in jobs if job.target not in there]
    if manifest is not None:
        manifest.begin(to_do, force=force)
    outcomes = _outcomes(to_do, work, processes, cluster)
    failures = _run_many(outcomes, len(to_do), manifest, as_json=as_json)
    if len(to_do) < len(jobs):
        again = "name another folder as TARGET to code" if not_ours else "--force codes"
        say(f"{len(jobs) - len(to_do)} of {len(jobs)} files were there already; {again} them again")
    tell_passed_over(found)
    if failures:
        list_failures(failures, f"{len(failures)} of {len(jobs)} files failed")
    if failures or found.unread:
        raise typer.Exit(1)


def _not_replaced(files: set[str]) -> str:
    more = f" and {len(files) - 1} more are" if len(files) > 1 else " is"
    return (
        f"{min(files)}{more} in a folder of sources, and may be pictures of your own, which would "
        "be lost; name another folder as TARGET, or take them away"
    )


def _outcomes(
    jobs: list[Job],
    work: "Callable[[Job], Record]",
    processes: int | None,
    cluster: "Cluster | None",
) -> "Outcomes":
    from sidelight.bulk.local import default_processes, run, until_full

    if cluster is None:
        return run(jobs, work, processes or default_processes(len(jobs)))
    from sidelight.bulk.ray import run_on_ray

    return until_full(run_on_ray(jobs, work, cluster))


def _run_many(
    outcomes: "Outcomes",
    number: int,
    manifest: "Manifest | None",
    *,
    as_json: bool,
) -> list[Failure]:
    failures: list[Failure] = []
    with contextlib.closing(outcomes), Counted(number) as counted:
        for job, record, error, _ in outcomes:
            if error is not None:
                failures.append((job, error))
                if manifest is not None:
                    manifest.add_failure(job, error)
                if as_json:
                    counted.clear()
                    print_failure(job, error)
            elif record is not None:
                if manifest is not None:
                    manifest.add(record)
                counted.clear()
                print_record(record, as_json=as_json)
            counted.advance()
    return failures


def list_failures(failures: "Sequence[Failure]", told: str) -> None:
    """Prints what failed and why; ``told`` says how much that is, of what."""
    say(f"{told}:")
    for job, error in failures:
        say(f"  {job.source}: {_reason(job, error)}")


def tell_passed_over(found: Jobs) -> None:
    """Prints what was found beside the files, and what was not looked into."""
    if found.passed_over:
        say(_passed_over(found.passed_over))
    if found.unread:
        say(f"{count(len(found.unread), 'folder')} not read:")
        for place, reason in found.unread:
            say(f"  {place}: {reason}")


def _passed_over(kinds: Counter[str]) -> str:
    listed = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return f"passed over {count(kinds.total(), 'file')} of other kinds: {listed}"


def print_record(record: "Record", *, as_json: bool, to_stderr: bool = False) -> None:
    """Prints a record's line, or the record, and its notes to stderr."""
    notes = record.pop("notes", [])
    for note in notes:
        say(f"{record['source']}: {note}")
    if as_json:
        show(json.dumps({**record, "notes": notes}), to_stderr=to_stderr)
    else:
        show(
            f"{_with_rate(record, 'source')} -> {_with_rate(record, 'target')}: "
            f"{record['seconds']:.2f} s",
            to_stderr=to_stderr,
        )


def print_failure(job: Job, error: Exception) -> None:
    """Prints the record of a picture that failed; for a person, ``list_failures`` tells of it."""
    show(json.dumps({**job._asdict(), "error": _reason(job, error)}))


def _reason(job: Job, error: Exception) -> str:
    return reason_of(error).removeprefix(f"{job.source}: ")


def _with_rate(record: "Record", which: str) -> str:
    """Returns a file's name, and its size and rate if it is the coded one."""
    num_bytes = record.get(f"{which}_bytes")
    rate = "" if num_bytes is None else f" ({num_bytes} bytes, {record['bpp']:.4f} bpp)"
    return f"{record[which]}{rate}"
