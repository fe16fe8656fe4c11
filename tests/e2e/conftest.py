"""The installed command, run in a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

GOLDEN = Path(__file__).parents[1] / "golden"
COMMAND = Path(sys.executable).with_name("sidelight")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Holds photo.jpg and a tree of pictures with a broken one."""
    with Image.open(GOLDEN / "rgb.png") as picture:
        photo = picture.convert("RGB")
    photo.resize((96, 80)).save(tmp_path / "photo.jpg")
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    photo.save(tmp_path / "tree" / "a.png")
    photo.crop((0, 0, 30, 40)).save(tmp_path / "tree" / "a.jpg")
    photo.convert("L").save(tmp_path / "tree" / "deep" / "b.png")
    (tmp_path / "tree" / "deep" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n junk")
    (tmp_path / "tree" / "deep" / "notes.md").write_text("not a picture")
    return tmp_path


@pytest.fixture
def run(folder) -> Run:
    """Runs ``sidelight`` with the tiny model, or with ``model=None`` the one that ships."""

    def run(*arguments: str, stdin: bytes = b"", model: Path | None = GOLDEN / "tiny.safetensors"):
        options = ["--model", str(model)] if model else []
        done = subprocess.run(
            [COMMAND, *arguments, *options],
            cwd=folder,
            env=ENVIRONMENT,
            input=stdin,
            capture_output=True,
        )
        assert b"Traceback" not in done.stderr
        assert not list(folder.rglob("*.partial"))
        return done

    return run
