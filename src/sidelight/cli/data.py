"""``sidelight data``: whether a folder is the test set that one takes it for."""

from pathlib import Path
from typing import Annotated

import typer

from sidelight.cli.streams import show
from sidelight.errors import ConfigError


def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="kodak, clic2020, coco2014-val, ...")],
    folder: Annotated[Path, typer.Argument(metavar="PATH", help="Pictures and captions.json.")],
) -> None:
    """Say what a folder lacks to be the data set NAME."""
    from sidelight.evaluate.known_datasets import find_known

    dataset = find_known(name)
    problems = dataset.problems(folder)
    for problem in problems:
        show(problem)
    if problems:
        raise ConfigError(f"{folder} is not {dataset.title}; get it from {dataset.origin}")
    checked = "names and bytes" if dataset.sha256 else "the number; no digests are recorded"
    show(f"{folder} is {dataset.title} (checked: {checked})")
