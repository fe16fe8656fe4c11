import numpy as np
import pytest
import torch
from benchmarks.determinism.by_torch import model_by_torch
from tests.tiny_codecs import TINY_CODECS

from sidelight.entropy.latents import by_rounding
from sidelight.models.freeze import freeze
from sidelight.models.registry import build_model


def model_of(name: str, make_tiny_model):
    if name == "ours":
        return make_tiny_model()
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return build_model(TINY_CODECS[name])


@pytest.mark.parametrize("name", ["ours", *sorted(TINY_CODECS)])
def test_torch_comes_to_the_same_latents(name, make_tiny_model):
    model = model_of(name, make_tiny_model).eval()
    frozen = freeze(model)
    random = np.random.default_rng(2)
    z = random.integers(-9, 10, (2, model.config.hyper_channels, 3, 2), dtype=np.int32)
    y = random.normal(0, 4, (2, model.config.latent_channels, 12, 8)).astype(np.float32)
    found, expected = (
        one.latents(z, 64, by_rounding(y)) for one in (frozen, model_by_torch(frozen))
    )
    assert np.array_equal(found.fixed_point(), expected.fixed_point())
    assert np.array_equal(found.prediction.index, expected.prediction.index)
    assert len(np.unique(found.prediction.index)) > 2
