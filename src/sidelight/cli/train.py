"""``sidelight train``."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from sidelight.cli.progress import progress_bar
from sidelight.cli.streams import say

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A TOML file.")],
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="Gets all that it writes.")],
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe; repeatable."),
    ] = None,
    fragments: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="FILE", help="Lay a TOML file over RECIPE; repeatable."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in RUN_FOLDER.")
    ] = False,
    time_limit: Annotated[
        str | None, typer.Option(help="Save and leave after so long, such as 9m or 2h.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw batches.")] = 0,
) -> None:
    """Train RECIPE in RUN_FOLDER; under torchrun in many processes.

    A run that was cut, or stopped by Ctrl-C, goes on with --resume as if nothing had happened.
    """
    seconds = _seconds(time_limit)

    from sidelight.train.recipe import load_recipe
    from sidelight.train.run import train as run

    loaded = load_recipe(recipe, changes or (), fragments=fragments or ())
    with progress_bar() as progress:
        task = progress.add_task("steps", total=loaded.num_steps)

        def report(step: int, record: dict[str, Any]) -> None:
            told = f"loss {record['total']:.3f}, {record['images_per_s']} images/s"
            progress.update(task, completed=step, description=told)

        def prepare(done: int, total: int) -> None:
            progress.update(task, total=loaded.num_steps, description=f"coding {done} of {total}")

        done = run(
            loaded,
            folder,
            resume=resume,
            device=device,
            time_limit_s=seconds,
            num_workers=workers,
            report=report,
            prepare=prepare,
            tell=say,
        )
    say(f"{folder}: " + ("complete" if done else "stopped before its end; go on with --resume"))


def _seconds(duration: str | None) -> float:
    if duration is None:
        return float("inf")
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise typer.BadParameter(f"--time-limit takes such as 90s, 9m or 2h, got {duration!r}")
    return float(found[1]) * _SECONDS[found[2]]
