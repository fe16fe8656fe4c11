"""``sidelight train``."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sidelight.cli.messages import say
from sidelight.cli.progress import PhaseLog, progress_bar

if TYPE_CHECKING:
    from sidelight.train.recipe import Recipe

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A TOML file; or a sweep of many.")
    ],
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
        bool,
        typer.Option(
            "--resume", help="Go on with the run in RUN_FOLDER; start it where there is none."
        ),
    ] = False,
    time_limit: Annotated[
        str | None, typer.Option(help="Save and leave after so long, such as 9m or 2h.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw batches.")] = 0,
) -> None:
    """Train RECIPE in RUN_FOLDER; under torchrun in many processes.

    A run that was cut, or stopped by Ctrl-C, goes on with --resume as if nothing had happened. A
    sweep (recipes/sweeps) trains its runs in folders below RUN_FOLDER, exports them, and goes on by
    itself when given again.
    """
    end = time.monotonic() + _seconds(time_limit)

    def train_run(loaded: "Recipe", folder: Path, *, resume: bool = True) -> bool:
        seconds_left = max(0.0, end - time.monotonic())
        done = _train(loaded, folder, resume, device, seconds_left, workers)
        advice = "the same command goes on" if resume else "go on with --resume"
        say(f"{folder}: " + ("complete" if done else f"stopped before its end; {advice}"))
        return done

    from sidelight.train import distributed
    from sidelight.train.recipe import load_recipe
    from sidelight.train.state_file import STATE_FILE
    from sidelight.train.sweep import is_sweep, load_sweep, train_sweep

    changes, fragments = changes or [], fragments or []
    if is_sweep(recipe):
        sweep = load_sweep(recipe, folder, changes, fragments=fragments)
        train_sweep(sweep, folder, train_run)
    else:
        loaded = load_recipe(recipe, changes, fragments=fragments)
        if resume and not (folder / STATE_FILE).exists() and distributed.rank() == 0:
            say(f"nothing to resume in {folder}: starting")
        train_run(loaded, folder, resume=resume)


def _train(
    recipe: "Recipe", folder: Path, resume: bool, device: str, seconds: float, workers: int
) -> bool:
    """Trains one run behind a progress bar; returns whether it is complete."""
    from sidelight.train import distributed
    from sidelight.train.run import train as run

    log = PhaseLog()
    if distributed.rank() == 0:
        log.tell("decoding the pictures" if recipe.in_memory else "finding the pictures")
    with progress_bar() as progress:
        task = progress.add_task("steps", total=recipe.num_steps)

        def report(step: int, record: dict[str, Any]) -> None:
            told = f"loss {record['total']:.3f}, {record['images_per_s']} images/s"
            progress.update(task, completed=step, description=told)
            log.tell("training", f"step {step} of {recipe.num_steps}, {told}")

        def prepare(done: int, total: int) -> None:
            progress.update(task, total=recipe.num_steps, description=f"coding {done} of {total}")
            log.tell("coding pairs", f"{done} of {total}")

        return run(
            recipe,
            folder,
            resume=resume,
            device=device,
            time_limit_s=seconds,
            num_workers=workers,
            report=report,
            prepare=prepare,
            tell=say,
        )


def _seconds(duration: str | None) -> float:
    if duration is None:
        return float("inf")
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise typer.BadParameter(f"--time-limit takes such as 90s, 9m or 2h, got {duration!r}")
    return float(found[1]) * _SECONDS[found[2]]
