from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NAMES = ("boat", "cat", "dune", "fern")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Originals as PNG, one side blurred as AVIF, the other full of noise as WebP."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(17)
    for name in ("of", "smooth", "noisy"):
        Path(name).mkdir()
    for name in NAMES:
        image = draw.integers(0, 256, (20, 32, 3), dtype=np.uint8)
        Image.fromarray(image).save(f"of/{name}.png")
        Image.fromarray(np.full_like(image, 90)).save(f"smooth/{name}.avif", quality=50, speed=10)
        Image.fromarray(image // 2).save(f"noisy/{name}.webp", lossless=True)
    return tmp_path
