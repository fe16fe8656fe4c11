import json

import pytest
import torch
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.models.hific import HiFiC
from sidelight.models.presets import PRESETS
from sidelight.train.export import ignore_text
from sidelight.train.state_file import STATE_FILE


@torch.no_grad()
def test_a_generator_that_never_read_text_then_ignores_it(make_tiny_model, tiny_config):
    model: HiFiC = make_tiny_model().eval()
    y_hat = torch.randn(1, tiny_config.latent_channels, 4, 4)
    text, none = torch.randn(1, tiny_config.text_width), torch.zeros(1, tiny_config.text_width)
    before = model.g_s(y_hat, none)
    assert not torch.equal(model.g_s(y_hat, text), before)
    ignore_text(model)
    assert torch.equal(model.g_s(y_hat, none), before)
    assert torch.equal(model.g_s(y_hat, text), before)


RECIPE = {
    "data": [{"pictures": "*.tar"}],
    "target_bpp": [0.3],
    "initial_lmbda": [1.0],
    "phases": [{"steps": 1, "crop": 64, "batch": 2}],
    "model": PRESETS["small"].to_dict(),
}
EMPTY = {"ema": {}, "step": 1}


@pytest.mark.parametrize(
    ("recipe", "state", "message"),
    [
        (None, None, "holds no run: "),
        (RECIPE, None, "cannot read"),
        ('{"data": [', EMPTY, "recipe.json is damaged"),
        ("", EMPTY, "recipe.json is damaged"),
        ("[]", EMPTY, "recipe.json is damaged"),
        ("[" * 9999, EMPTY, "recipe.json is damaged (nested too deeply)"),
        (RECIPE | {"phases": 3}, EMPTY, "recipe.json is damaged (phases must be a list"),
        (RECIPE | {"model": 3}, EMPTY, "recipe.json is damaged (model must be"),
        (RECIPE, b"", "state.pt is no state of a run"),
        (RECIPE, EMPTY, "holds the state of another model"),
        (RECIPE, {"ema": 3, "step": 1}, "holds the state of another model"),
        (RECIPE, {"step": 1}, "it lacks 'ema'"),
    ],
)
def test_a_damaged_run_folder_is_one_clear_error(tmp_path, recipe, state, message):
    if recipe is not None:
        text = recipe if isinstance(recipe, str) else json.dumps(recipe)
        (tmp_path / "recipe.json").write_text(text)
    if isinstance(state, bytes):
        (tmp_path / STATE_FILE).write_bytes(state)
    elif state is not None:
        torch.save(state, tmp_path / STATE_FILE)
    target = tmp_path / "x.safetensors"
    done = CliRunner().invoke(app, ["export", str(tmp_path), str(target), "--no-graphs"])
    assert done.exit_code == 1
    assert done.output.startswith("sidelight: error: ")
    assert message in done.output
    assert not target.exists()


@pytest.mark.parametrize("name", [STATE_FILE, "recipe.json", "model"])
def test_a_model_s_file_has_its_suffix_so_that_no_run_is_written_over(tmp_path, name):
    (tmp_path / name).write_bytes(b"precious")
    done = CliRunner().invoke(app, ["export", str(tmp_path), str(tmp_path / name), "--force"])
    assert done.exit_code == 1
    assert "a model is a .safetensors file" in done.output
    assert (tmp_path / name).read_bytes() == b"precious"
