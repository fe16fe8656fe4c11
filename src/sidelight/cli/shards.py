"""One command over shards: prints what became of each row, lists what failed."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sidelight.bulk.places import exists
from sidelight.cli.batch import Failure, list_failures, print_record
from sidelight.cli.progress import Counted
from sidelight.cli.streams import say

if TYPE_CHECKING:
    from sidelight.bulk.coding import Coding


def code_shards(
    source: str,
    target: str,
    coding: "Coding",
    *,
    columns: tuple[str | None, str | None],
    unpack: bool,
    processes: int | None,
    manifest: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Codes shards, and prints a line for each row in its order.

    Shards whose target exists are skipped, or those that the manifest vouches for. What failed is
    listed at the end, and the exit code is 1.

    Args:
        source: A shard, or a glob of shards.
        target: A shard, or a folder.
        coding: What is to be done with each picture.
        columns: Of pictures and of captions in Parquet files; None for what is found.
        unpack: Whether each shard becomes a folder of files.
        processes: How many rows at a time; None for one on each core.
        manifest: Keeps what became of each.
        force: Whether no shard is skipped.
        as_json: Whether each line is a record.
    """
    from sidelight.bulk.manifest import Manifest
    from sidelight.bulk.pool import num_cores
    from sidelight.bulk.rows import RowWork
    from sidelight.bulk.shards import ShardDone, find_shards, kind_of, run_shards

    kind = kind_of(source, image_column=columns[0], caption_column=columns[1])
    jobs = find_shards(source, target, unpack=unpack)
    coding.prepare()
    failures: list[Failure] = []
    damaged: list[Failure] = []
    with contextlib.ExitStack() as stack:
        rows = stack.enter_context(Manifest.opened(manifest, coding)) if manifest else None
        if force:
            to_do = jobs
        elif rows is not None:
            to_do = [job for job in jobs if not rows.vouches_for(job)]
        else:
            # of a folder, single files are looked at
            to_do = [job for job in jobs if unpack or not exists(job.target)]
        outcomes = run_shards(
            to_do,
            kind,
            RowWork(coding),
            processes or num_cores(),
            unpack=unpack,
            is_there=exists if not force and rows is None else lambda _: False,
        )
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
                counted.advance()
                if outcome.error is not None:
                    failures.append((outcome.job, outcome.error))
                elif outcome.result is not None:
                    print_record(outcome.result, as_json=as_json)
    if len(to_do) < len(jobs):
        say(
            f"{len(jobs) - len(to_do)} of {len(jobs)} shards were there already; --force codes "
            "them again"
        )
    if failures:
        list_failures(failures, f"{len(failures)} of {num_pictures} pictures failed")
    if damaged:
        list_failures(damaged, f"{len(damaged)} of {len(to_do)} shards were not read to their end")
    if failures or damaged:
        raise typer.Exit(1)


def check_no_shard_options(source: str, target: str, *columns: str | None, unpack: bool) -> None:
    """Checks that nothing is asked of files that only shards have.

    Raises:
        BadParameter: There is.
    """
    if unpack or any(columns):
        raise typer.BadParameter(
            f"--unpack and columns are for .tar and .parquet files, SOURCE is {source}"
        )
    if Path(target).suffix.lower() in (".tar", ".parquet") and not Path(target).is_dir():
        raise typer.BadParameter(
            f"{target} would be a shard, which is made of shards only: give .tar or .parquet files "
            "as SOURCE, or a folder as TARGET"
        )
