"""The measure of a loss."""

from collections.abc import Callable

import numpy as np
import pytest


@pytest.fixture(scope="session")
def psnr_db() -> Callable[[np.ndarray, np.ndarray], float]:
    def measure(image: np.ndarray, decoded: np.ndarray) -> float:
        assert decoded.dtype == np.uint8
        assert decoded.shape == image.shape
        mse = np.square(image.astype(float) - decoded).mean()
        return float(10 * np.log10(255**2 / mse))

    return measure
