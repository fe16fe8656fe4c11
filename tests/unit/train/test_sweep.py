"""Sweeps as data: what a file must say, and that those of the project can be trained."""

from pathlib import Path

import pytest

from sidelight.errors import ConfigError
from sidelight.train.sweep import is_sweep, load_sweep, train_sweep

RECIPES = Path(__file__).parents[3] / "recipes"
SWEEPS = sorted((RECIPES / "sweeps").glob("*.toml"))
RUN = f'name = "a", extends = "{RECIPES / "small.toml"}"'


def written(folder: Path, runs: str) -> Path:
    path = folder / "sweep.toml"
    path.write_text(f"runs = [{runs}]")
    return path


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_every_sweep_of_the_project_loads(path):
    sweep = load_sweep(path, Path("out"))
    assert sweep.terms
    assert len({run.name for run in sweep.runs}) == len(sweep.recipes) == len(sweep.runs) > 1


def test_a_sweep_is_no_recipe():
    assert is_sweep(SWEEPS[0])
    assert not is_sweep(RECIPES / "small.toml")


def test_layers_lie_over_each_other_and_what_is_given_beside_over_all(tmp_path):
    (tmp_path / "with.toml").write_text("seed = 1\nwarmup_steps = 11")
    (tmp_path / "beside.toml").write_text("sample_every = 13")
    path = written(tmp_path, f'{{ {RUN}, with = ["with.toml"], seed = 2, max_skipped = 3 }}')
    fragments = [tmp_path / "beside.toml"]
    recipe = load_sweep(path, tmp_path, ["max_skipped=4"], fragments=fragments).recipes[0]
    assert (recipe.seed, recipe.warmup_steps, recipe.sample_every) == (2, 11, 13)
    assert recipe.max_skipped == 4


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ("", "a list of tables"),
        ("3", "run 1: a run must be a table, got 3"),
        ('{ name = "a" }', "run a: key 'extends' is missing"),
        ('{ name = "a/b", extends = "x.toml" }', "name must be that of a folder, got 'a/b'"),
        (f"{{ {RUN} }}, {{ {RUN} }}", "run a: another run has that name"),
        (f'{{ {RUN}, after = "b" }}', "after must name a run above it, got 'b'"),
        (f"{{ {RUN}, sead = 1 }}", "run a: unknown key 'sead'"),
    ],
)
def test_what_a_sweep_cannot_say_is_one_clear_error(tmp_path, runs, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load_sweep(written(tmp_path, runs), tmp_path)
    assert "sweep.toml" in str(caught.value)


def test_torchrun_takes_no_sweep(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    sweep = load_sweep(written(tmp_path, f"{{ {RUN} }}"), tmp_path)
    with pytest.raises(ConfigError, match="one by one"):
        train_sweep(sweep, tmp_path, lambda recipe, folder: True)


def test_a_run_that_all_have_started_from_is_not_trained_again(tmp_path):
    later = RUN.replace('"a"', '"b"') + ', after = "a"'
    sweep = load_sweep(written(tmp_path, f"{{ {RUN} }}, {{ {later} }}"), tmp_path)
    (tmp_path / "b.safetensors").touch()
    trained = []
    assert train_sweep(sweep, tmp_path, lambda recipe, folder: trained.append(folder) or False)
    assert trained == []
