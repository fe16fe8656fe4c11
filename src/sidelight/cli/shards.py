"""One command over shards: prints what became of each row, lists what failed."""

import contextlib
from typing import TYPE_CHECKING

import typer

from sidelight.bulk.jobs import Job
from sidelight.bulk.places import exists, plain
from sidelight.cli.batch import (
    Failure,
    RunOptions,
    list_failures,
    print_failure,
    print_record,
    tell_passed_over,
)
from sidelight.cli.messages import say
from sidelight.cli.progress import Counted

if TYPE_CHECKING:
    from sidelight.bulk.coding import Coding
    from sidelight.bulk.jobs import Jobs
    from sidelight.bulk.rows import RowSource


def code_shards(
    source: str,
    target: str,
    coding: "Coding",
    options: RunOptions,
    *,
    files: "Jobs | None",
    columns: tuple[str | None, str | None],
    unpack: bool,
) -> None:
    """Codes shards, and prints a line for each row in its order.

    Shards whose target exists are skipped, or those that the manifest vouches for. What failed is
    listed at the end, and the exit code is 1.

    Args:
        source: A shard, or a glob of shards.
        target: A shard, or a folder.
        coding: What is to be done with each picture.
        options: How; a cluster gives each worker a whole shard.
        files: Where SOURCE is a folder or a glob: the files that TARGET is to hold.
        columns: Of pictures and of captions in Parquet files; None for what is found.
        unpack: Whether each shard becomes a folder of files.
    """
    from sidelight.bulk.manifest import Manifest
    from sidelight.bulk.packing import Packing
    from sidelight.bulk.rows import RowWork
    from sidelight.bulk.shards import ShardDone, ShardWork, find_shards, kind_of, packed_name
    from sidelight.pool import num_cores

    kind: RowSource
    if files is None:
        image, caption = columns
        kind = kind_of(source, image_column=image, caption_column=caption, unpack=unpack)
        jobs = find_shards(source, target, unpack=unpack)
    else:
        _check_packing(source, target, files, options)
        kind = Packing(kind_of(target), files.jobs, packed_name(target))
        jobs = [Job(source, plain(target))]
    coding.prepare()
    failures: list[Failure] = []
    damaged: list[Failure] = []
    with contextlib.ExitStack() as stack:
        rows = None
        if options.manifest:
            rows = stack.enter_context(Manifest.opened(options.manifest, coding))
        if options.force:
            to_do = jobs
        elif rows is not None:
            to_do = [job for job in jobs if not rows.vouches_for(job)]
        else:
            # of a folder, single files are looked at
            to_do = [job for job in jobs if unpack or not exists(job.target)]
        if rows is not None:
            rows.begin(to_do, force=options.force)
        work = ShardWork(
            kind, RowWork(coding), unpack=unpack, only_new=not options.force and rows is None
        )
        if options.cluster is None:
            outcomes = work.run(to_do, options.processes or num_cores())
        else:
            from sidelight.bulk.ray import run_shards_on_ray

            outcomes = run_shards_on_ray(to_do, work, options.cluster)
        num_pictures = 0
        with contextlib.closing(outcomes), Counted(None) as counted:
            for outcome in outcomes:
                if isinstance(outcome, ShardDone):
                    if rows is not None:
                        rows.add_shard(outcome)
                    if outcome.error is not None:
                        damaged.append((outcome.job, outcome.error))
                    continue
                num_pictures += 1
                if outcome.error is not None:
                    failures.append((outcome.job, outcome.error))
                    if options.as_json:
                        counted.clear()
                        print_failure(outcome.job, outcome.error)
                elif outcome.result is not None:
                    counted.clear()
                    print_record(outcome.result, as_json=options.as_json)
                counted.advance()
    if len(to_do) < len(jobs):
        say(
            f"{len(jobs) - len(to_do)} of {len(jobs)} shards were there already; --force codes "
            "them again"
        )
    if files is not None:
        tell_passed_over(files)
    if failures:
        list_failures(failures, f"{len(failures)} of {num_pictures} pictures failed")
    if damaged:
        list_failures(damaged, f"{len(damaged)} of {len(to_do)} shards were not read to their end")
    if failures or damaged or (files is not None and files.unread):
        raise typer.Exit(1)


def check_no_shard_options(source: str, *columns: str | None, unpack: bool) -> None:
    """Checks that nothing is asked of files that only shards have.

    Raises:
        BadParameter: There is.
    """
    if unpack or any(columns):
        raise typer.BadParameter(
            f"--unpack and columns are for .tar and .parquet files, SOURCE is {source}"
        )


def _check_packing(source: str, target: str, files: "Jobs", options: RunOptions) -> None:
    if options.cluster is not None:
        raise typer.BadParameter(
            "--engine ray gives each shard to one worker, and this is one shard; give a folder as "
            "TARGET"
        )
    if not files.several:
        raise typer.BadParameter(f"{target} takes a folder or a glob, SOURCE is {source}")
    if options.manifest is not None:
        raise typer.BadParameter(
            "--manifest cannot tell what has changed in a folder that becomes one shard; give a "
            "folder as TARGET"
        )
