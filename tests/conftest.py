"""Settings and the tiny model that every test shares."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings
from tests.tiny_config import TINY_CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidelight.models.config import HiFiCConfig
    from sidelight.models.exported import ExportedCodec
    from sidelight.models.hific import HiFiC

# a suite started in the background has Ctrl-C switched off, and so would all that it starts
signal.signal(signal.SIGINT, signal.default_int_handler)
# a loaded machine may take long over one example; what counts is the result
settings.register_profile("sidelight", deadline=None)
settings.load_profile("sidelight")


@pytest.fixture(scope="session")
def tiny_config() -> HiFiCConfig:
    return TINY_CONFIG


@pytest.fixture(scope="session")
def make_tiny_model(tiny_config: HiFiCConfig) -> Callable[[], HiFiC]:
    """Seeded weights, changed where a fresh model would leave a path unused."""
    import torch
    from tests.tiny_model import use_every_path

    from sidelight.models.hific import HiFiC

    def make() -> HiFiC:
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(4)
            model = HiFiC(tiny_config)
            use_every_path(model, scale_bias=1)
            for gain in (model.latent_gain, model.hyper_gain):
                gain.log_gain.add_(0.1 * torch.randn_like(gain.log_gain))
                gain.log_inverse.add_(0.1 * torch.randn_like(gain.log_inverse))
        return model

    return make


@pytest.fixture
def tiny_model(make_tiny_model: Callable[[], HiFiC]) -> HiFiC:
    return make_tiny_model()


@pytest.fixture(scope="session")
def tiny_exported(make_tiny_model: Callable[[], HiFiC]) -> ExportedCodec:
    """Shared: a test that changes it must make its own."""
    from sidelight.models.exported import ExportedCodec

    return ExportedCodec(make_tiny_model())


@pytest.fixture(scope="session")
def make_picture() -> Callable[..., np.ndarray]:
    """Smooth waves with some noise, uint8 (height, width, 3)."""

    def make(height: int, width: int, seed: int = 0) -> np.ndarray:
        random = np.random.default_rng(seed)
        rows, columns = np.mgrid[:height, :width][..., None]
        waves = np.zeros((height, width, 3))
        for _ in range(4):
            across, down = random.uniform(-0.2, 0.2, (2, 3))
            waves += np.sin(across * columns + down * rows + random.uniform(0, 6, 3))
        noise = random.normal(0, 8, waves.shape)
        return (128 + 28 * waves + noise).clip(0, 255).astype(np.uint8)

    return make
