"""Programs that are not installed here, played by small scripts, and the measure of a loss."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


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


@pytest.fixture(scope="session")
def psnr_db() -> Callable[[np.ndarray, np.ndarray], float]:
    def measure(image: np.ndarray, decoded: np.ndarray) -> float:
        assert decoded.dtype == np.uint8
        assert decoded.shape == image.shape
        mse = np.square(image.astype(float) - decoded).mean()
        return float(10 * np.log10(255**2 / mse))

    return measure
