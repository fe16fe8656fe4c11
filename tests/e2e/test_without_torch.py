"""Files are coded where torch cannot be imported: every command that reads or writes one.

An environment that has none is in test_package.py.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
ARTICLE = ROOT / "examples" / "article"
CAPTION = "A cup of coffee on a saucer."
BLOCKED = """
import sys
for name in ("torch", "jaxtyping", "transformers"):
    sys.modules[name] = None
from sidelight.cli.app import app
app()
"""

COMMANDS = (
    "encode {coffee} c.avif -q 4 --caption 'A cup of coffee.'",
    "encode {coffee} c.slt --format slt -q 4",
    "decode c.avif a.png",
    "decode c.slt s.png --caption '{caption}'",
    "info c.avif --json",
    "info c.slt",
    "info small-multirate",
    "info carrier-small",
    "inspect c.avif looks-a --caption '{caption}'",
    "inspect c.slt looks-s --caption '{caption}'",
    "page encode {article} page-a",
    "page decode page-a/article.html shown-a",
    "page encode {article} page-s --format slt",
    "page decode page-s/article.html shown-s",
    "compare eyes --of a.png --a Improved=a.png --b Plain=a.png",
)
"""One after another, in one folder."""


def run(command: str, *python: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    import shlex

    filled = command.format(
        coffee=ROOT / "examples" / "coffee.png", article=ARTICLE / "article.html", caption=CAPTION
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONWARNINGS"}
    return subprocess.run(
        [*python, *shlex.split(filled)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("train recipe.toml run", "train"),
        ("evaluate pictures results", "evaluate"),
        ("export run model.safetensors", "export"),
        (f"decode {ARTICLE / 'coffee.jpg'} x.png --caption A --check-caption warn", "match"),
    ],
)
def test_what_needs_torch_names_its_extra(tmp_path, command, extra):
    done = run(command, sys.executable, "-c", BLOCKED, cwd=tmp_path)
    assert done.returncode == 1
    assert f": pip install 'sidelight[{extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What all commands wrote, with torch blocked."""
    folder = tmp_path_factory.mktemp("without-torch")
    for command in COMMANDS:
        done = run(command, sys.executable, "-c", BLOCKED, cwd=folder)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    return folder


def test_every_command_on_a_file_works_where_torch_cannot_be_imported(folder):
    for name in ("a.png", "s.png", "looks-a/masks.png", "looks-s/bits.png"):
        assert (folder / name).stat().st_size > 1000
    assert len(list((folder / "eyes/pictures").glob("*.png"))) == 3
    for shown in ("shown-a", "shown-s"):
        assert len(list((folder / shown).glob("*.png"))) == 4


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("decode c.slt again.png --precision bf16", "bf16 needs torch, which is not installed"),
        ("decode c.avif again.png --precision bf16", "'sidelight[torch]', or take fp32"),
        ("decode c.avif again.png --device cuda", "a device ('cuda') needs torch"),
        (
            f"decode {GOLDEN}/rgb.slt x.png --model {GOLDEN}/tiny.safetensors",
            "tiny.safetensors, which holds no graphs, needs torch",
        ),
    ],
)
def test_what_needs_torch_says_so_in_one_line(folder, command, said):
    done = run(command, sys.executable, "-c", BLOCKED, cwd=folder)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
