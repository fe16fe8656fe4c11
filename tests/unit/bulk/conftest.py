from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A working folder with a tree of empty pictures and a note."""
    for name in ("photos/a.png", "photos/b.JPG", "photos/deep/er/c.png", "photos/notes.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path
