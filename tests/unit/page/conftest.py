"""A site with pictures, and the command that codes its pages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from typer.testing import CliRunner, Result

from sidelight import api
from sidelight.cli.app import app

TINY = str(Path(__file__).parents[2] / "golden" / "tiny.safetensors")

Draw = Callable[..., None]
Run = Callable[..., Result]
Files = Callable[[str], set[str]]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """The current folder, which holds an empty folder ``site``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site").mkdir()
    return tmp_path


@pytest.fixture
def draw(place) -> Draw:
    """Draws small pictures of different colours."""
    colours = iter(range(1000))

    def draw(*names: str) -> None:
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            colour = next(colours)
            Image.new("RGB", (16, 12), (53 * colour % 256, 91 * colour % 256, 128)).save(name)

    return draw


@pytest.fixture
def run(place) -> Run:
    """Runs ``sidelight page`` with .slt files of the tiny model, or with AVIF files."""

    def run(command: str, *arguments: str, carrier: bool = False) -> Result:
        options = [] if carrier or command == "decode" else ["--format", "slt"]
        model = [] if carrier else ["--model", TINY]
        with pytest.MonkeyPatch.context() as patched:
            if not carrier:
                encoder = HashingTextEncoder()
                # codecs that keep this encoder are not to be found by other tests
                patched.setattr(api, "_load", api._load.__wrapped__)
                patched.setattr("sidelight.text.reader.load_text_encoder", lambda name: encoder)
            return CliRunner().invoke(app, ["page", command, *options, *arguments, *model])

    return run


@pytest.fixture
def files() -> Files:
    """Lists the files in a folder."""
    return lambda folder: {
        p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file()
    }
