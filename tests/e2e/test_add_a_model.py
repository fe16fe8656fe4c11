"""docs/add-a-model.md, followed: its file, its line, its recipe, its commands."""

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from tests.shard import write_shard
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.codec.loading import load_model
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.models.registry import MODELS
from sidelight.runtime.codec import OnnxCodec

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-model.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch, make_picture):
    """A folder with pictures and the page's recipe, in which the page's model is known."""
    torch.manual_seed(0)
    lpips = LPIPS(for_training=True)
    monkeypatch.setattr("sidelight.train.run.LPIPS.load", lambda **options: lpips)
    monkeypatch.setattr(
        "sidelight.text.registry.TEXT_ENCODERS", {"sidelight-text": HashingTextEncoder}
    )
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    source, line = blocks("python")
    module = types.ModuleType("plain2026")
    monkeypatch.setitem(sys.modules, "plain2026", module)
    exec(source, module.__dict__)
    entry = eval("{" + line.strip() + "}", module.__dict__)
    for name, kind in entry.items():
        monkeypatch.setitem(MODELS, name, kind)
    (recipe,) = blocks("toml")
    (tmp_path / "recipes").mkdir()
    width = f"{recipe}text_width = {HashingTextEncoder().width}\n"
    (tmp_path / "recipes" / "plain2026.toml").write_text(width)
    pictures = ((make_picture(64, 72, seed=k), [f"Picture {k}."]) for k in range(3))
    write_shard(tmp_path / "pictures.tar", pictures)
    Image.fromarray(make_picture(200, 150)).save("photo.png")
    return tmp_path


def test_the_page_adds_a_model(folder):
    (commands,) = blocks("sh")
    for command in commands.strip().splitlines():
        _, *arguments = command.split()
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, (command, done.output)
    with Image.open("photo.png") as photo, Image.open("back.png") as back:
        assert photo.size == back.size
        assert np.asarray(back).std() > 0
    assert isinstance(load_model(folder / "plain2026.safetensors").model, OnnxCodec)
    exported = load_checkpoint(folder / "plain2026.safetensors").model
    assert exported.config.architecture == "plain2026"
    assert exported.frozen.inverse_gains is not None  # two levels, asked for in the recipe only
