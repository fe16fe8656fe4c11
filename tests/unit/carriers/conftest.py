"""A picture with everything that a file may carry, and a profile that exchanges two colours."""

import numpy as np
import pytest
from PIL import Image

from sidelight.pixels.picture import Picture

ROWS, COLUMNS = np.mgrid[:48, :64]
ALPHA = (1 + ROWS * 5).astype(np.uint8)  # nowhere zero: colour that cannot be seen may change


@pytest.fixture(scope="session")
def exif() -> bytes:
    exif = Image.Exif()
    exif[271] = "Ricoh"
    exif.get_ifd(0x8769)[0x829A] = 0.5
    return exif.tobytes()


@pytest.fixture(scope="session")
def image() -> np.ndarray:
    waves = [128 + 60 * np.sin(ROWS / (5 + k)) + 60 * np.cos(COLUMNS / (7 - k)) for k in range(3)]
    return np.stack(waves, axis=2).astype(np.uint8)


@pytest.fixture(scope="session")
def plain(image) -> Picture:
    return Picture(image=image)
