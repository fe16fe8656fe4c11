"""Runs that scripts start one after the other: on the CPU, to their end, a line for each record."""

import sys
from pathlib import Path

from sidelight.train.recipe import Recipe
from sidelight.train.run import train

_TOLD = ("bpp", "mse", "lpips", "images_per_s")


def train_unattended(recipe: Recipe, folder: Path) -> None:
    """Trains what is left of a run; returns at its end, and exits where it is asked to stop.

    Raises:
        CodecError: As for ``train``.
    """

    def say(line: str) -> None:
        sys.stderr.write(f"{folder}: {line}\n")

    def report(step: int, record: dict[str, object]) -> None:
        told = ", ".join(f"{name} {record[name]}" for name in _TOLD if name in record)
        say(f"step {step}, {told}")

    complete = train(
        recipe,
        folder,
        resume=True,
        device="cpu",
        time_limit_s=float("inf"),
        num_workers=0,
        report=report,
        tell=say,
    )
    if not complete:
        sys.exit(f"{folder} stopped before its end: the same command goes on")
