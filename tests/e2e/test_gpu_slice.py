"""The script that trains for a slice of time elsewhere, here on the CPU for some steps."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import save_file
from tests.tiny_carrier import save_tiny_carrier

from sidelight.metrics.networks.lpips import LPIPS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "gpu_slice.sh"
RECIPE = """
data = [{ pictures = "data/*.tar" }]
phases = [{ steps = 3, crop = 64, batch = 2 }]
sample_every = 100

[model]
preset = "carrier-tiny"

[pairs]
versions = 1
codings = [{ codec = "jpeg", share = 1.0, quality = [20, 40], effort = [0] }]
"""


@pytest.fixture
def assets(tmp_path) -> Path:
    """A training set of two shards, one too large to travel, and LPIPS weights drawn at random."""
    root = tmp_path / "assets"
    (root / "data").mkdir(parents=True)
    (root / "weights").mkdir()
    random = np.random.default_rng(0)
    for name, side in (("small", 96), ("large", 4096)):
        with tarfile.open(root / "data" / f"{name}.tar", "w") as shard:
            picture = io.BytesIO()
            pixels = random.integers(0, 256, (side, side, 3), np.uint8)
            Image.fromarray(pixels).save(picture, "BMP")
            words = json.dumps({"captions": ["Noise."]}).encode()
            for member, content in (("1.bmp", picture.getvalue()), ("1.json", words)):
                info = tarfile.TarInfo(member)
                info.size = len(content)
                shard.addfile(info, io.BytesIO(content))
    torch.manual_seed(0)
    weights = {}
    for name, value in LPIPS().state_dict().items():
        part, k, *rest = name.replace("features.convs.", "features.").split(".")
        if part == "features":
            weights[f"features.{(0, 3, 6, 8, 10)[int(k)]}.{rest[0]}"] = value.numpy()
        else:
            weights[f"lin{k}.weight"] = value.numpy().reshape(1, -1, 1, 1)
    save_file(weights, root / "weights" / "lpips_alexnet_v0.1.safetensors")
    return root


def slice_(
    *arguments: object, script: Path = SCRIPT, at: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(script), *map(str, arguments)],
        env=os.environ | {"PYTHON": sys.executable, "WHEELS": ""} | environment,
        capture_output=True,
        text=True,
        cwd=at,
    )


def test_a_slice_goes_there_and_back_and_on(assets, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    packed, store, out, run = (tmp_path / name for name in ("packed", "store", "out", "run"))
    here = {"SIDELIGHT_ASSETS": str(assets)}
    done = slice_("pack", recipe, packed, **here)
    assert done.returncode == 0, done.stderr
    assert "left out: nothing" in done.stdout
    more = tmp_path / "packed-2"
    assert [path.name for path in more.rglob("*.tar")] == ["large.tar"]
    for folder in (packed, more):
        assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 60 * 2**20
    # what stays here must not be needed there
    assert slice_("keep", packed, store).returncode == 0
    script = store / SCRIPT.name
    done = slice_("train", store, out, "1", "cpu", script=script)
    assert done.returncode == 0, done.stderr
    assert all(piece.stat().st_size <= 15 * 2**20 for piece in out.iterdir())
    assert slice_("unpack", out, run).returncode == 0
    assert torch.load(run / "state.pt", weights_only=True)["step"] == 3

    recipe.write_text(RECIPE.replace("steps = 3", "steps = 5"))
    assert slice_("pack", recipe, packed, run, **here).returncode == 0
    shutil.rmtree(store)
    assert slice_("keep", packed, store).returncode == 0
    done = slice_("train", store, out, "1", "cpu", script=script)
    assert done.returncode == 0, done.stderr
    assert slice_("unpack", out, run).returncode == 0
    assert torch.load(run / "state.pt", weights_only=True)["step"] == 5


def test_what_the_recipe_starts_from_travels(assets, tmp_path):
    here = {"SIDELIGHT_ASSETS": str(assets)}
    recipe, first = tmp_path / "recipe.toml", tmp_path / "runs" / "first"
    recipe.write_text(RECIPE)
    packed, store, out = (tmp_path / name for name in ("packed", "store", "out"))
    assert slice_("pack", recipe, packed, **here).returncode == 0
    assert slice_("keep", packed, store).returncode == 0
    assert slice_("train", store, out, "1", "cpu").returncode == 0
    assert slice_("unpack", out, first).returncode == 0
    trained = torch.load(first / "state.pt", weights_only=True)["ema"]

    recipe.write_text(
        'start_from = "runs/first"\nlearning_rate = 1e-9\nmatrix_learning_rate = 0.0\n' + RECIPE
    )
    done = slice_("pack", recipe, packed, at=tmp_path, **here)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(store)
    assert slice_("keep", packed, store).returncode == 0
    done = slice_("train", store, out, "1", "cpu")
    assert done.returncode == 0, done.stderr
    assert slice_("unpack", out, tmp_path / "second").returncode == 0
    second = torch.load(tmp_path / "second" / "state.pt", weights_only=True)["ema"]
    kept = [name for name in trained if name.endswith((".weight", ".bias"))]  # norms count on
    assert all(torch.allclose(trained[name], second[name], atol=1e-6) for name in kept)
    assert any(trained[name].abs().max() > 0 for name in kept if "to_residual" in name)
    assert json.loads((out / "recipe.json").read_text())["start_from"] == "runs/first"


def test_a_model_that_the_recipe_starts_from_travels_beside_the_package(assets, tmp_path):
    place = "src/sidelight/weights/start.safetensors"
    (tmp_path / place).parent.mkdir(parents=True)
    save_tiny_carrier(tmp_path / place)
    recipe, packed = tmp_path / "recipe.toml", tmp_path / "packed"
    recipe.write_text(f'start_from = "{place}"\n' + RECIPE)
    done = slice_("pack", recipe, packed, at=tmp_path, SIDELIGHT_ASSETS=str(assets))
    assert done.returncode == 0, done.stderr
    assert (packed / place).read_bytes() == (tmp_path / place).read_bytes()


def test_shards_larger_than_a_call_are_left_out(assets, tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE)
    with (assets / "data" / "large.tar").open("r+b") as shard:
        shard.truncate(61 * 2**20)
    done = slice_(
        "pack", tmp_path / "recipe.toml", tmp_path / "packed", SIDELIGHT_ASSETS=str(assets)
    )
    assert done.returncode == 0, done.stderr
    assert "left out: large.tar" in done.stdout


def test_a_wrong_call_says_what_is_missing(tmp_path):
    done = slice_("train", tmp_path)
    assert done.returncode == 2
    assert "MINUTES is missing" in done.stderr
    assert "scripts/gpu_slice.sh pack RECIPE FOLDER" in done.stderr
    done = slice_(
        "pack", ROOT / "recipes" / "carrier-small.toml", tmp_path / "to", SIDELIGHT_ASSETS=""
    )
    assert "SIDELIGHT_ASSETS" in done.stderr
    assert not (tmp_path / "to").exists()
