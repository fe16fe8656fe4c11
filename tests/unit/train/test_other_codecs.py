"""The other learned codecs through the same command and the same two stages."""

import json
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from tests.shard import write_shard
from tests.tiny_codecs import TINY_CODECS
from tests.tiny_config import TINY_CONFIG
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.train.state_file import STATE_FILE

RECIPE = """
data = [{ pictures = "*.tar" }]
text_encoder = "tiny"
target_bpp = [0.3]
initial_lmbda = [1.0]
phases = [{ steps = 2, crop = 64, batch = 2 }]
matrix_learning_rate = 5e-4
warmup_steps = 1
ema_decay = 0.5
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, make_picture):
    torch.manual_seed(0)
    lpips = LPIPS(for_training=True)
    monkeypatch.setattr("sidelight.train.run.LPIPS.load", lambda **options: lpips)
    monkeypatch.setattr("sidelight.text.registry.TEXT_ENCODERS", {"tiny": HashingTextEncoder})
    presets = {"tiny": TINY_CONFIG, **TINY_CODECS}
    monkeypatch.setattr("sidelight.train.recipe.PRESETS", presets)
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    pictures = ((make_picture(64, 72, seed=k), [f"Picture {k}.", "Waves."]) for k in range(3))
    write_shard(tmp_path / "pictures.tar", pictures)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def train(run: str, preset: str, *changes: str):
    options = [part for change in changes for part in ("--set", change)]
    arguments = ["train", "recipe.toml", run, "--set", f'model.preset="{preset}"', *options]
    return CliRunner().invoke(app, arguments)


def state(folder, run: str, which: str = "ema") -> dict[str, torch.Tensor]:
    return torch.load(folder / run / STATE_FILE, weights_only=True)[which]


def told(folder, run: str, key: str) -> list[float]:
    lines = (folder / run / "log.jsonl").read_text().splitlines()
    return [record[key] for line in lines if key in (record := json.loads(line))]


@pytest.mark.parametrize("preset", TINY_CODECS)
def test_both_stages_train(folder, preset):
    done = train("first", preset)
    assert done.exit_code == 0, done.output
    assert told(folder, "first", "real_bpp_q1")[0] > 0
    (strip, *_) = sorted((folder / "first" / "samples").iterdir())
    with Image.open(strip) as picture:
        assert picture.size == (3 * 72, 64)
        assert np.ptp(np.asarray(picture)) > 20

    start = ['start_from="first"', "adversarial.weight=0.15"]
    done = train("second", preset, *start)
    assert done.exit_code == 0, done.output
    for term in ("d_real", "d_fake", "d_mismatched", "adversarial"):
        assert told(folder, "second", term)[0] > 0
    first, second = state(folder, "first"), state(folder, "second")
    assert first.keys() == second.keys()
    assert any(not torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("preset", ["tiny-balle2018", "tiny-minnen2018", "tiny-cheng2020"])
def test_pure_mse_needs_no_lpips(folder, preset, monkeypatch):
    def refuse(**options):
        raise AssertionError("LPIPS was loaded")

    monkeypatch.setattr("sidelight.train.run.LPIPS.load", refuse)
    done = train("run", preset, "distortion.lpips_weight=0.0")
    assert done.exit_code == 0, done.output
    assert told(folder, "run", "lpips") == [0.0]
    assert told(folder, "run", "mse")[0] > 0


def test_without_text_in_the_generator_ssa_blocks_see_zeros(folder):
    done = train("run", "tiny-cheng2020-ssa", "generator_text=false")
    assert done.exit_code == 0, done.output
    for name, value in state(folder, "run", "model").items():
        if name.endswith(("to_gamma.0.weight", "to_beta.0.weight")):
            fresh = state(folder, "run")[name]  # zeros give these weights no gradient
            torch.testing.assert_close(value, fresh, rtol=0, atol=1e-6)


def test_a_text_free_run_can_go_on_with_ssa_blocks(folder):
    assert train("first", "tiny-cheng2020").exit_code == 0
    done = train("second", "tiny-cheng2020-ssa", 'start_from="first"')
    assert done.exit_code == 0, done.output
    assert any(name.startswith("ssa.") for name in state(folder, "second"))
    back = train("back", "tiny-cheng2020", 'start_from="second"')
    assert "cannot go on from second/state.pt" in back.stderr


def test_a_hific_run_can_go_on_as_the_full_model(folder):
    three = [
        "model.linear_paths=false",
        "target_bpp=[0.1, 0.3, 0.9]",
        "initial_lmbda=[2.0, 1.0, 0.5]",
    ]
    assert train("hific", "tiny", "model.ssa=false", *three).exit_code == 0
    still = ["learning_rate=1e-12", "matrix_learning_rate=1e-12"]
    done = train("full", "tiny", 'start_from="hific"', *three, *still)
    assert done.exit_code == 0, done.output
    first, second = state(folder, "hific"), state(folder, "full", "model")
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], rtol=0, atol=1e-6)
    assert second.keys() - first.keys()


@pytest.mark.parametrize("preset", ["tiny-minnen2018", "tiny-cheng2020-ssa"])
def test_a_run_is_exported_and_codes_pictures(folder, preset):
    assert train("run", preset).exit_code == 0
    with tarfile.open("pictures.tar") as shard:
        shard.extractall(folder, filter="data")
    for arguments in (
        ["export", "run", "model.safetensors", "--no-graphs"],
        ["encode", "0.png", "0.slt", "--model", "model.safetensors"],
        ["decode", "0.slt", "again.png", "--model", "model.safetensors", "--caption-from", "none"],
    ):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
    with Image.open("again.png") as picture:
        assert picture.size == (72, 64)


def test_a_twin_without_text_ignores_captions_once_exported(folder):
    assert train("run", "tiny-cheng2020-ssa", "generator_text=false").exit_code == 0
    kept = torch.load(folder / "run" / STATE_FILE, weights_only=True)
    for name, value in kept["ema"].items():
        if name.endswith(("to_gamma.2.weight", "to_beta.2.weight")):
            value.normal_()  # as after long training: a caption would say something
    torch.save(kept, folder / "run" / STATE_FILE)
    done = CliRunner().invoke(app, ["export", "run", "model.safetensors", "--no-graphs"])
    assert done.exit_code == 0
    model = load_checkpoint(folder / "model.safetensors").model
    y_hat, text = np.ones((1, 8, 4, 4), np.float32), np.ones((1, 16), np.float32)
    assert np.array_equal(*(model.synthesise(y_hat, t) for t in (text, np.zeros_like(text))))


def test_one_rate_has_no_levels_to_place(folder):
    assert train("run", "tiny-balle2018").exit_code == 0
    with tarfile.open("pictures.tar") as shard:
        shard.extractall(folder, filter="data")
    options = ["--pictures", str(folder), "--bpp", "0.3"]
    done = CliRunner().invoke(app, ["export", "run", "model.safetensors", "--no-graphs", *options])
    assert done.exit_code == 1
    assert "tiny-balle2018 has one rate, and no levels to place" in done.stderr
