import dataclasses

import pytest
import torch

from sidelight.models.discriminator import Discriminator
from sidelight.models.presets import PRESETS


@pytest.fixture
def discriminator(tiny_config) -> Discriminator:
    torch.manual_seed(0)
    return Discriminator(tiny_config)


@pytest.fixture(scope="module")
def inputs():
    torch.manual_seed(1)
    return torch.rand(2, 3, 64, 96), torch.randn(2, 12, 4, 6), torch.randn(2, 16)


@pytest.mark.parametrize(("name", "stride"), [("paper", 8), ("base", 8), ("small", 16)])
def test_there_is_a_logit_per_patch(name, stride):
    config = PRESETS[name]
    with torch.device("meta"):
        discriminator = Discriminator(config).eval()
        x, y_hat = torch.empty(1, 3, 128, 192), torch.empty(1, config.latent_channels, 8, 12)
        logits = discriminator(x, y_hat, torch.empty(1, config.text_width))
    assert logits.shape == (1, 1, 128 // stride, 192 // stride)


def test_the_picture_gets_a_gradient_and_the_latent_none(discriminator, inputs):
    x, y_hat, text = (value.clone().requires_grad_() for value in inputs)
    discriminator(x, y_hat, text).sum().backward()
    assert x.grad.abs().max() > 0
    assert y_hat.grad is None


def test_the_latent_is_judged_all_the_same(discriminator, inputs):
    x, y_hat, text = inputs
    discriminator.eval()
    logits = discriminator(x, y_hat, text)
    assert not torch.allclose(discriminator(x, 5 - y_hat, text), logits, rtol=1e-3, atol=0)


def test_features_serve_every_text(discriminator, inputs):
    x, y_hat, text = inputs
    discriminator.eval()
    features = discriminator.features(x, y_hat)
    mismatched = text.roll(1, 0)
    for vector in (text, mismatched):
        assert torch.equal(discriminator.judge(features, vector), discriminator(x, y_hat, vector))
    assert not torch.equal(
        discriminator.judge(features, text), discriminator.judge(features, mismatched)
    )


def test_text_is_replicated_over_the_picture(discriminator):
    discriminator.eval()
    flat = torch.zeros(1, 16, 6, 6)
    logits = discriminator.judge(flat, torch.randn(1, 16))
    inner = logits[..., 1:-1, 1:-1]
    torch.testing.assert_close(inner, inner[..., :1, :1].expand_as(inner))


@pytest.mark.parametrize("text_channels", [8, None])
def test_no_layer_amplifies_by_more_than_about_one(tiny_config, inputs, text_channels):
    shape = dataclasses.replace(tiny_config.discriminator, text_channels=text_channels)
    torch.manual_seed(0)
    discriminator = Discriminator(dataclasses.replace(tiny_config, discriminator=shape))
    for _ in range(20):  # one power iteration each
        discriminator(*inputs)
    layers = [m for m in discriminator.modules() if hasattr(m, "parametrizations")]
    assert len(layers) == 7 + (text_channels is not None)
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
        assert norm.item() == pytest.approx(1, abs=0.05)


def test_in_eval_mode_the_norms_stand_still(discriminator, inputs):
    discriminator.eval()
    assert torch.equal(discriminator(*inputs), discriminator(*inputs))
