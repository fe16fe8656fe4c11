"""Sweeps: runs that one file names, trained one after the other and exported.

A sweep is a TOML file with ``terms`` for its checkpoints and a table for each of its ``runs``: a
``name``, the recipe that it ``extends``, files laid over that (``with``), the run that it starts
``after``, and any keys of a recipe. Paths begin at the sweep's folder.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError
from sidelight.train.export import export_run
from sidelight.train.recipe import Recipe, laid_over, read_table, recipe_of_table

_RUNS = "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptRun(StrictConfig):
    """One run of a sweep."""

    name: str
    """Of its folder and its checkpoint."""
    extends: str
    layers: tuple[str, ...] = ()
    """Called ``with`` in the file."""
    after: str | None = None
    """The run whose state it starts from."""

    def __post_init__(self) -> None:
        if not self.name or Path(self.name).name != self.name or self.name.startswith("."):
            raise ConfigError(f"name must be that of a folder, got {self.name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What to train, in this order; runs that others start from are no checkpoints."""

    runs: Sequence[SweptRun]
    recipes: Sequence[Recipe]
    terms: str


def is_sweep(path: Path) -> bool:
    """Tells a sweep from a recipe.

    Raises:
        ConfigError: It is no TOML file.
    """
    return _RUNS in read_table(path)


def load_sweep(
    path: Path, folder: Path, overrides: Iterable[str] = (), *, fragments: Iterable[Path] = ()
) -> Sweep:
    """Reads a sweep; what is given beside it changes each of its runs.

    Args:
        path: The sweep.
        folder: Gets a folder for each run, in which later ones find what they start from.
        overrides: As for recipes.
        fragments: As for recipes.

    Raises:
        ConfigError: A file is not TOML, a key or value does not fit, or a name is not right.
    """
    table = read_table(path)
    terms, listed = table.pop("terms", ""), table.pop(_RUNS, None)
    if table:
        raise ConfigError(f"{path}: unknown key {min(table)!r}, expected 'terms' and 'runs'")
    if not isinstance(terms, str) or not isinstance(listed, list) or not listed:
        raise ConfigError(f"{path}: terms must be a text and runs a list of tables")
    overrides, over_all = list(overrides), [read_table(fragment) for fragment in fragments]
    runs: dict[str, SweptRun] = {}
    recipes = []
    for number, entry in enumerate(listed, 1):
        try:
            run, changes = _read_run(entry)
            _check_place(run, runs)
            layers = [read_table(path.parent / name) for name in (run.extends, *run.layers)]
            recipes.append(_recipe([*layers, changes, *over_all], overrides, run, folder))
        except ConfigError as error:
            name = entry.get("name", number) if isinstance(entry, dict) else number
            raise ConfigError(f"{path}: run {name}: {error}") from None
        runs[run.name] = run
    return Sweep(runs=list(runs.values()), recipes=recipes, terms=terms)


def train_sweep(sweep: Sweep, folder: Path, train_run: Callable[[Recipe, Path], bool]) -> bool:
    """Trains what is left of a sweep, and writes FOLDER/NAME.safetensors for each run that ends.

    Args:
        sweep: What to train.
        folder: Gets all folders and checkpoints.
        train_run: Trains a recipe in a folder, or goes on there; returns whether it is complete.

    Returns:
        Whether all is there; False as soon as a run was stopped.

    Raises:
        ConfigError: It is started by torchrun: then its runs are to be started one by one.
        CodecError: As for ``train`` and ``export_run``.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("a sweep is trained in one process; give torchrun its recipes one by one")
    for run, recipe in zip(sweep.runs, sweep.recipes, strict=True):
        if _is_done(sweep, run, folder):
            continue
        if not train_run(recipe, folder / run.name):
            return False
        if not _followers(sweep, run):
            export_run(folder / run.name, _checkpoint(folder, run), terms=sweep.terms)
    return True


def _read_run(entry: Any) -> tuple[SweptRun, dict[str, Any]]:
    """Returns the run, and the keys of its recipe that it changes."""
    if not isinstance(entry, dict):
        raise ConfigError(f"a run must be a table, got {entry!r}")
    told = {"name": "name", "extends": "extends", "with": "layers", "after": "after"}
    own = {field: entry[key] for key, field in told.items() if key in entry}
    return SweptRun.from_dict(own), {k: v for k, v in entry.items() if k not in told}


def _check_place(run: SweptRun, before: dict[str, SweptRun]) -> None:
    if run.name in before:
        raise ConfigError("another run has that name")
    if run.after is not None and run.after not in before:
        raise ConfigError(f"after must name a run above it, got {run.after!r}")


def _recipe(
    layers: Iterable[dict[str, Any]], overrides: Iterable[str], run: SweptRun, folder: Path
) -> Recipe:
    table: dict[str, Any] = {}
    for layer in layers:
        table = laid_over(table, layer)
    if run.after is not None:
        table["start_from"] = str(folder / run.after)
    return recipe_of_table(table, overrides)


def _followers(sweep: Sweep, run: SweptRun) -> list[SweptRun]:
    return [other for other in sweep.runs if other.after == run.name]


def _is_done(sweep: Sweep, run: SweptRun, folder: Path) -> bool:
    """Whether nothing needs this run any more."""
    if followers := _followers(sweep, run):
        return all(_is_done(sweep, follower, folder) for follower in followers)
    return _checkpoint(folder, run).exists()


def _checkpoint(folder: Path, run: SweptRun) -> Path:
    return folder / f"{run.name}.safetensors"
