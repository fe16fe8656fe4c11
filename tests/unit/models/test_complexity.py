"""The sizes and costs that the documentation states (docs/model.md)."""

import pytest
import torch
from tests.multiply_adds import multiply_adds
from torch import nn

from sidelight.bitstream.quality import HYPER_STRIDE, LATENT_STRIDE
from sidelight.models.discriminator import Discriminator
from sidelight.models.hific import HiFiC
from sidelight.models.presets import PRESETS

SIDE = 256


def millions(module: nn.Module) -> float:
    return sum(p.numel() for p in module.parameters()) / 1e6


@pytest.fixture(scope="module", params=["paper", "base", "small"])
def preset(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(preset) -> HiFiC:
    with torch.device("meta"):
        return HiFiC(PRESETS[preset])


CODEC_MILLIONS = {"paper": 185.4, "base": 29.35, "small": 7.77}
DISCRIMINATOR_MILLIONS = {"paper": 3.97, "base": 3.59, "small": 0.93}


def test_the_codec_has_the_stated_number_of_weights(preset, model):
    gains = millions(model.latent_gain) + millions(model.hyper_gain)
    assert millions(model) - gains == pytest.approx(CODEC_MILLIONS[preset], abs=0.05)
    assert gains < 0.002


def test_the_discriminator_has_the_stated_number_of_weights(preset):
    with torch.device("meta"):
        discriminator = Discriminator(PRESETS[preset])
    stated = DISCRIMINATOR_MILLIONS[preset]
    assert millions(discriminator) == pytest.approx(stated, abs=0.01)


def test_the_parts_of_the_paper_preset_have_the_stated_number_of_weights():
    with torch.device("meta"):
        model = HiFiC(PRESETS["paper"])
    assert millions(model.g_a) == pytest.approx(7.42, abs=0.005)
    hyperprior = sum(millions(part) for part in (model.h_a, model.h_s, model.prior))
    assert hyperprior == pytest.approx(17.26, abs=0.03)
    assert millions(model.g_s) == pytest.approx(160.7, abs=0.05)
    assert millions(model.g_s.ssa) == pytest.approx(3.945, abs=0.0005)


ENCODE_GMAC = {"paper": 6.41, "base": 2.11, "small": 0.48}
DECODE_GMAC = {"paper": 51.1, "base": 12.8, "small": 2.55}


def test_coding_256_by_256_pixels_costs_the_stated_multiplications(preset, model):
    config, side = model.config, SIDE // LATENT_STRIDE
    x = torch.empty(1, 3, SIDE, SIDE, device="meta")
    y = torch.empty(1, config.latent_channels, side, side, device="meta")
    z = torch.empty(1, config.hyper_channels, *[SIDE // HYPER_STRIDE] * 2, device="meta")
    text = torch.empty(1, config.text_width, device="meta")

    def synthesise_prior() -> None:
        model.h_s.mean(z)
        model.h_s.scale(z)

    def encode() -> None:
        model.g_a(x)
        model.h_a(y)
        synthesise_prior()  # the encoder, too, needs means and scales

    def decode() -> None:
        synthesise_prior()
        model.g_s(y, text)

    assert multiply_adds(model, encode) == pytest.approx(ENCODE_GMAC[preset], rel=0.006)
    assert multiply_adds(model, decode) == pytest.approx(DECODE_GMAC[preset], rel=0.005)


def test_the_count_is_right_for_layers_counted_by_hand():
    layers = nn.Sequential(nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ConvTranspose2d(4, 5, 3, 2))
    conv, transposed = 4 * 4 * 4 * 2 * 9, 4 * 4 * 4 * 5 * 9
    x = torch.empty(1, 2, 8, 8)
    assert multiply_adds(layers, lambda: layers(x)) == (conv + transposed) / 1e9
    linear = nn.Linear(3, 7)
    assert multiply_adds(linear, lambda: linear(torch.empty(2, 3))) == 2 * 3 * 7 / 1e9
