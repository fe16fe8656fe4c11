"""One command over one file, a folder or a glob: finds the jobs, runs them, lists failures."""

import glob
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from sidelight.cli.streams import STREAM, say
from sidelight.errors import CodecError, ConfigError


class Job(NamedTuple):
    """One file to read and one to write; either may be ``-``."""

    source: str
    target: str


Record = dict[str, Any]


def find_jobs(source: str, target: str, *, read_suffixes: Iterable[str], suffix: str) -> list[Job]:
    """Returns the jobs that SOURCE and TARGET stand for.

    A folder keeps its tree below TARGET; a glob puts its matches straight into TARGET.

    Args:
        source: A file, a folder, a glob, or ``-``.
        target: A file for one source, else a folder.
        read_suffixes: Which files of a folder count, in lower case with the dot.
        suffix: Of the files to write, with the dot.

    Raises:
        ConfigError: A folder or glob without a matching file, with a file as TARGET, or with two
            files that would become one; stdin with a folder as TARGET.
    """
    path = Path(source)
    if not stands_for_several(source):
        if target.endswith("/") or Path(target).is_dir():
            if source == STREAM:
                raise ConfigError(f"{target} is a folder; name a file, because stdin has no name")
            target = str(Path(target) / path.with_suffix(suffix).name)
        return [Job(source, target)]
    if path.is_dir():
        root = path
        found = [p for p in path.rglob("*") if p.suffix.lower() in read_suffixes and p.is_file()]
    else:
        # Path.glob takes no absolute pattern
        matches = glob.glob(source, recursive=True)  # noqa: PTH207
        found = [Path(p) for p in matches if Path(p).is_file()]
        root = None
    if not found:
        raise ConfigError(f"{source}: no file to read, expected {', '.join(sorted(read_suffixes))}")
    if target == STREAM or Path(target).is_file():
        raise ConfigError(f"{target} must be a folder, because {source} stands for several files")
    places = {p: p.relative_to(root) if root else Path(p.name) for p in sorted(found)}
    taken = Counter(place.with_suffix(suffix) for place in places.values())
    jobs = [
        Job(str(p), str(Path(target) / _renamed(place, suffix, unique=taken)))
        for p, place in places.items()
    ]
    _check_targets_differ(jobs)
    return jobs


def stands_for_several(source: str) -> bool:
    """Returns whether SOURCE is a folder or a glob, even one that holds a single file."""
    path = Path(source)
    return path.is_dir() or (source != STREAM and not path.is_file() and glob.has_magic(source))


def _renamed(place: Path, suffix: str, *, unique: Counter[Path]) -> Path:
    # a.jpg and a.png must not both become a.slt
    renamed = place.with_suffix(suffix)
    return renamed if unique[renamed] == 1 else place.with_name(place.name + suffix)


def _check_targets_differ(jobs: list[Job]) -> None:
    first: dict[str, str] = {}
    for job in jobs:
        if (other := first.setdefault(job.target, job.source)) != job.source:
            raise ConfigError(
                f"{other} and {job.source} would both become {job.target}; "
                "give their common folder, whose tree is kept"
            )


def run_jobs(
    jobs: list[Job],
    work: Callable[[Job], Record],
    *,
    force: bool,
    as_json: bool,
    several: bool = False,
) -> None:
    """Runs every job and prints one line for each.

    With several jobs, or the only one of a folder, those whose target exists are skipped, and a
    failed one does not stop the rest; failures are listed at the end and the exit code is 1.

    Raises:
        ConfigError: The only job's target exists and ``force`` is not given.
    """
    if len(jobs) == 1 and not several:
        job = jobs[0]
        if job.target != STREAM and Path(job.target).is_file() and not force:
            raise ConfigError(f"{job.target} exists; give --force to replace it")
        _print(_timed(work, job), as_json=as_json, to_stderr=job.target == STREAM)
        return
    failures = _run_many(jobs, work, force=force, as_json=as_json)
    if failures:
        say(f"{len(failures)} of {len(jobs)} files failed:")
        for job, error in failures:
            say(f"  {job.source}: {str(error).removeprefix(f'{job.source}: ')}")
        raise typer.Exit(1)


def _run_many(
    jobs: list[Job], work: Callable[[Job], Record], *, force: bool, as_json: bool
) -> list[tuple[Job, Exception]]:
    failures: list[tuple[Job, Exception]] = []
    num_skipped = 0
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for job in progress.track(jobs, description="coding"):
            if Path(job.target).exists() and not force:
                num_skipped += 1
                continue
            try:
                _print(_timed(work, job), as_json=as_json)
            except (CodecError, OSError) as error:
                failures.append((job, error))
    if num_skipped:
        say(f"{num_skipped} of {len(jobs)} files were there already; --force codes them again")
    return failures


def _timed(work: Callable[[Job], Record], job: Job) -> Record:
    start = time.perf_counter()
    record = work(job)
    return {**job._asdict(), **record, "seconds": round(time.perf_counter() - start, 3)}


def _print(record: Record, *, as_json: bool, to_stderr: bool = False) -> None:
    notes = record.pop("notes", [])
    for note in notes:
        say(f"{record['source']}: {note}")
    if as_json:
        typer.echo(json.dumps({**record, "notes": notes}), err=to_stderr)
    else:
        typer.echo(
            f"{record['source']} -> {record['target']}: {record['bytes']} bytes, "
            f"{record['bpp']:.4f} bpp, {record['seconds']:.2f} s",
            err=to_stderr,
        )
