"""Both stages on a dozen pictures, and a file of the result: what a newcomer would run."""

import json
import math
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from tests.shard import write_shard
from tests.tiny_config import TINY_CONFIG
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.metrics.networks.lpips import LPIPS

RECIPE = """
data = [{ pictures = "*.tar" }]
text_encoder = "tiny"
target_bpp = [0.1, 0.3, 0.9]
initial_lmbda = [2.0, 1.0, 0.5]
level_balance = 0.75
phases = [{ steps = 100, crop = 64, batch = 4 }]
learning_rate = 5e-3
matrix_learning_rate = 5e-3
warmup_steps = 3
ema_decay = 0.9
[model]
preset = "tiny"
"""


@pytest.fixture
def invoke(tmp_path, monkeypatch, make_picture):
    torch.manual_seed(0)
    lpips = LPIPS(for_training=True)
    monkeypatch.setattr("sidelight.train.run.LPIPS.load", lambda **options: lpips)
    monkeypatch.setattr("sidelight.text.registry.TEXT_ENCODERS", {"tiny": HashingTextEncoder})
    monkeypatch.setattr("sidelight.train.recipe.PRESETS", {"tiny": TINY_CONFIG})
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    pictures = ((make_picture(96, 96, seed=k), [f"Waves of kind {k}."]) for k in range(12))
    write_shard(tmp_path / "dozen.tar", pictures)

    def run(*arguments: str):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return done

    return run


def losses(run: str) -> list[dict]:
    lines = [json.loads(line) for line in Path(run, "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "total" in line]


def test_two_stages_then_a_file(invoke, tmp_path):
    invoke("train", "recipe.toml", "1")
    first, last = losses("1")
    assert last["total"] < 0.8 * first["total"]
    assert last["lpips"] < first["lpips"]

    adversarial = ["adversarial.weight=0.15", "adversarial.learning_rate=1e-3", 'start_from="1"']
    invoke("train", "recipe.toml", "2", *(a for o in adversarial for a in ("--set", o)))
    begun, ended = losses("2")
    assert begun["mse"] < first["mse"]
    for record in (begun, ended):
        terms = [record[f"d_{name}"] for name in ("real", "fake", "mismatched")]
        assert record["d_total"] == pytest.approx(sum(terms), abs=1e-3)
        assert all(0 < term < 3 for term in terms)
        assert record["adversarial"] > 0
    assert ended["d_total"] < 3 * math.log(2)  # better than a coin

    done = invoke("export", "2", "model.safetensors", "--no-graphs")
    assert "model.safetensors" in done.stderr
    with tarfile.open("dozen.tar") as shard:
        shard.extract("3.png", filter="data")
    invoke("encode", "3.png", "3.slt", "--model", "model.safetensors")
    for text in (["--caption", "Waves of kind 3."], ["--caption-from", "none"]):
        invoke("decode", "3.slt", "back.png", *text, "--model", "model.safetensors", "--force")
        pictures = [
            np.asarray(Image.open(tmp_path / name), float) for name in ("3.png", "back.png")
        ]
        error = np.square(pictures[0] - pictures[1]).mean()
        assert error < 0.5 * pictures[0].var()


def test_levels_are_placed_where_rates_are_asked_for(invoke, tmp_path, make_picture):
    invoke("train", "recipe.toml", "1")
    (tmp_path / "shown").mkdir()
    Image.fromarray(make_picture(128, 128, seed=40)).save(tmp_path / "shown" / "a.png")
    sizes = {}
    for name, rates in (("low", (0.2, 0.3, 0.4)), ("high", (0.5, 0.7, 0.9))):
        options = ["--pictures", "shown", *(a for r in rates for a in ("--bpp", str(r)))]
        invoke("export", "1", f"{name}.safetensors", "--no-graphs", *options)
        invoke(
            "encode",
            "shown/a.png",
            f"{name}.slt",
            "--quality",
            "5",
            "--model",
            f"{name}.safetensors",
        )
        sizes[name] = (tmp_path / f"{name}.slt").stat().st_size
    assert sizes["low"] < 0.8 * sizes["high"]
    wrong = CliRunner().invoke(app, ["export", "1", "low.safetensors", "--no-graphs"])
    assert wrong.exit_code == 1
    assert "low.safetensors exists; give --force" in wrong.stderr
