"""``info`` tells what a model is, by its name or its file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from sidelight.cli.app import app
from sidelight.codec.card import shipped_models

TINY = Path(__file__).parents[2] / "golden" / "tiny.safetensors"


def info(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["info", *arguments])


@pytest.mark.parametrize(
    ("name", "kind", "levels"),
    [
        ("small-multirate", "codec of .slt files (hific)", 5),
        ("carrier-small", "carrier", None),
        ("carrier-tiny", "carrier", None),
    ],
)
def test_a_shipped_model_is_known_by_its_name(name, kind, levels):
    facts = json.loads(info(name, "--json").stdout)
    assert facts["kind"].startswith(kind)
    assert facts["levels"] == levels
    assert facts["reads_caption"] is True
    assert facts["text_encoder"].startswith("sidelight-text ")
    assert facts["terms"].startswith("research use")
    assert facts["bytes"] == shipped_models()[name].stat().st_size
    assert facts["provenance"]["recipe"]["text_encoder"] == "sidelight-text"


def test_a_checkpoint_is_known_by_its_path_and_recipes_are_left_out_of_the_lines():
    done = info(str(TINY))
    assert done.exit_code == 0
    facts = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert facts["levels"] == "3"
    assert facts["terms"] == "-"
    assert "recipe" not in info("carrier-small").stdout


def test_a_file_of_that_name_comes_before_the_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("carrier-small").write_bytes((TINY.parent / "rgb.slt").read_bytes())
    assert "format_version" in info("carrier-small").stdout


def test_a_name_of_nothing_lists_the_models():
    done = info("carrier-large")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no model 'carrier-large': shipped are ['carrier-small', 'carrier-tiny'" in done.stderr


@pytest.mark.parametrize("content", [b"", b"no tensors", (TINY.parent / "rgb.slt").read_bytes()])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    done = info(str(path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"sidelight: error: cannot read {path}")


def test_a_model_is_described_without_torch():
    code = (
        "import sys; from sidelight.cli.app import app\n"
        "try: app()\n"
        "finally: assert 'torch' not in sys.modules"
    )
    command = [sys.executable, "-c", code, "info", "carrier-small"]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_a_picture_above_the_limit_is_not_decoded(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg")
    done = info(str(tmp_path / "a.jpg"), "--max-pixels", "599")
    assert done.exit_code == 1
    assert "30x20 px, the limit is 65535 px a side and 599 px in all" in done.stderr
    assert info(str(tmp_path / "a.jpg"), "--max-pixels", "600").exit_code == 0


@pytest.mark.parametrize("command", [["info"], ["encode", "a.png", "a.slt", "--model"]])
def test_a_folder_in_a_models_place_is_told_as_one(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    Path("run.safetensors").mkdir()
    Image.new("RGB", (64, 64)).save("a.png")
    done = CliRunner().invoke(app, [*command, "run.safetensors"])
    assert done.exit_code == 1
    assert "run.safetensors is a folder, expected a model's" in " ".join(done.stderr.split())
