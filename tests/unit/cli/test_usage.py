"""Values that no command takes: told with what was expected, before any file is touched."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sidelight.cli.app import app


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "a.slt"):
        Path(name).touch()
    Path("here").mkdir()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def files() -> set[str]:
    return {path.name for path in Path.cwd().rglob("*")}


@pytest.mark.parametrize(
    "command",
    [
        "encode _ x",
        "encode a.png _",
        "encode a.png x.slt --manifest _",
        "encode a.png x.slt --quality _",
        "encode a.png x.slt --model _",
        "decode _ x",
        "decode a.slt _",
        "info _",
        "inspect _ maps --caption A",
        "inspect a.slt _ --caption A",
        "page encode _ x",
        "page encode a.html _",
        "page decode _ x",
        "page decode a.html _",
        "page decode a.html x --root _",
        "train _ x",
        "train a.toml _",
        "export _ x",
        "evaluate _ x",
        "evaluate x _",
        "compare _ --of here --a here --b here",
        "compare x --of here --of _ --a here --b here",
        "demo _",
    ],
)
def test_an_empty_name_is_not_this_folder(folder, command):
    before = files()
    done = run(*("" if word == "_" else word for word in command.split()))
    assert done.exit_code == 2
    assert "it is empty; was a variable of the shell not set?" in done.stderr
    assert files() == before


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("encode a.png x.slt -q 0", "'--quality' / '-q': must be a number from 1 to 9, got 0"),
        ("encode a.png x.slt -q 11", "must be a number from 1 to 9, got 11"),
        ("encode a.png x.slt -q best", "must be a number from 1 to 9, got best"),
        ("encode a.png x.slt -e 1.5", "must be a whole number from 1 to 9, got 1.5"),
        ("encode a.png x.slt -j 0", "must be a whole number of at least 1, got 0"),
        ("encode a.png x.slt --bpp low", "must be a number, got low"),
        ("decode a.slt x.png --realism 2", "must be a number from 0 to 1, got 2"),
        ("decode a.slt x.png --precision fp16", "'--precision': 'fp16' is not one of"),
        ("page encode a.html x --quality 12", "must be a number from 1 to 9, got 12"),
        ("compare x --seed -1", "must be a whole number from 0 to 4294967295, got -1"),
        ("export a x --bpp 1 --bpp low", "must be a number, got 1, low"),
        ("encode a.png x.slt -q \x1b[2J", "must be a number from 1 to 9, got \\x1b[2J"),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(folder, command, message):
    done = run(*command.split())
    assert done.exit_code == 2
    assert message in done.stderr
