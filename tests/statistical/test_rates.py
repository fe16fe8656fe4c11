"""Rates: what files cost against what theory and the float model say."""

import math

import numpy as np
import pytest
import torch

from sidelight.bitstream.quality import step_to_quality
from sidelight.entropy.coder import CodingTables, SymbolEncoder
from sidelight.entropy.latents import MEAN_BITS, Latents, round_half_up
from sidelight.entropy.tables import FREQUENCY_TOTAL, SymbolTables, gaussian_tables
from sidelight.models.prior import gaussian_likelihood
from sidelight.nn.rounding import add_uniform_noise

pytestmark = pytest.mark.statistical

SCALES = np.exp(np.linspace(math.log(0.11), math.log(256), 64))
"""As the latents' tables."""
NUM_SYMBOLS = 200_000


@pytest.fixture(scope="module")
def tables() -> SymbolTables:
    return gaussian_tables(SCALES.tolist())


@pytest.fixture(scope="module")
def message() -> tuple[np.ndarray, np.ndarray]:
    """Gaussian residuals, as many of every scale."""
    random = np.random.default_rng(0)
    index = random.integers(0, 64, NUM_SYMBOLS).astype(np.uint8)
    return np.rint(random.normal(0, SCALES[index])).astype(np.int32), index


def coded_bits(symbols: np.ndarray, index: np.ndarray, tables: SymbolTables) -> int:
    encoder = SymbolEncoder()
    encoder.push(symbols, index, CodingTables(tables))
    return 8 * len(encoder.finish())


def test_coded_bits_are_within_a_thousandth_of_the_tables_information(tables, message):
    symbols, index = message
    ideal = 0.0
    for k in range(64):
        entries = symbols[index == k] - tables.first[k]
        assert entries.min() >= 0
        assert entries.max() < tables.lengths[k] - 1  # none escapes
        ideal -= np.log2(tables.table(k)[entries] / FREQUENCY_TOTAL).sum()
    overhead = coded_bits(symbols, index, tables) / ideal - 1
    # never below the information by more than the coder's own rounding of probabilities
    assert -0.0005 < overhead <= 0.001


def test_coded_bits_are_within_a_thousandth_of_the_gaussians_information(tables, message):
    symbols, index = message
    likelihoods = gaussian_likelihood(
        torch.from_numpy(symbols).double(), torch.from_numpy(SCALES[index])
    )
    ideal = -likelihoods.log2().sum().item()
    assert -0.0005 < coded_bits(symbols, index, tables) / ideal - 1 <= 0.001


def test_a_mismatched_scale_costs_more(tables, message):
    symbols, index = message
    wider = np.minimum(index + 5, 63).astype(np.uint8)
    assert coded_bits(symbols, wider, tables) > 1.02 * coded_bits(symbols, index, tables)


@pytest.mark.parametrize("step", [0, 70, 128])
def test_the_frozen_latents_cost_what_the_float_model_says(make_tiny_model, tiny_exported, step):
    # latents drawn as the float model predicts them: 24 576 symbols
    model, frozen = make_tiny_model(), tiny_exported.frozen
    generator = torch.Generator().manual_seed(0)
    z = torch.randint(-12, 13, (2, 8, 8, 8), generator=generator, dtype=torch.int32)
    with torch.no_grad():
        position = torch.tensor([model.config.level_position(step_to_quality(step))])
        hyper = model.h_s(z * model.hyper_gain.inverse(position))
        means, scales = model.means_and_scales(hyper, torch.empty(2, 12, 32, 32))
    y = means + scales * torch.randn(means.shape, generator=generator)
    estimate = -gaussian_likelihood(torch.floor(y - means + 0.5), scales).log2().sum().item()

    prediction = frozen.predict(z.numpy(), step)
    symbols = round_half_up(y.numpy() - prediction.means / 2**MEAN_BITS)
    bits = frozen.information_bits(Latents(z.numpy(), symbols, prediction)).sum()

    # means move by up to 1/128 and scales share a table within 6 % either way
    assert bits == pytest.approx(estimate, rel=0.002)


def test_the_frozen_hyper_latents_cost_what_the_float_model_says(make_tiny_model, tiny_exported):
    tables = tiny_exported.frozen.hyper_tables
    z = torch.arange(-15.0, 16.0).expand(1, 8, 1, -1)
    with torch.no_grad():
        estimate = -make_tiny_model().prior(z).log2()[0, :, 0]
    for c in range(8):
        entries = z[0, c, 0].int().numpy() - tables.first[c]
        bits = -np.log2(tables.table(c)[entries] / FREQUENCY_TOTAL)
        # a count is a millionth: these values have thousands
        assert bits == pytest.approx(estimate[c].numpy(), rel=0.002)


def test_noise_costs_about_what_rounding_costs():
    # for wide Gaussians noise and rounding spend the same bits; 10^5 samples, 1 % is 5 sigma
    torch.manual_seed(0)
    for scale in (2.0, 8.0):
        scales = torch.full((100_000,), scale)
        y = torch.randn(100_000) * scales
        noisy = -gaussian_likelihood(add_uniform_noise(y), scales).log2().mean()
        rounded = -gaussian_likelihood(torch.floor(y + 0.5), scales).log2().mean()
        assert noisy.item() == pytest.approx(rounded.item(), rel=0.01)


def test_noise_is_an_upper_bound_for_narrow_gaussians():
    # round(y) concentrates on zero, y + U does not: training sees more bits than the file has
    torch.manual_seed(0)
    scales = torch.full((100_000,), 0.15)
    y = torch.randn(100_000) * scales
    noisy = -gaussian_likelihood(add_uniform_noise(y), scales).log2().mean()
    rounded = -gaussian_likelihood(torch.floor(y + 0.5), scales).log2().mean()
    assert noisy > 2 * rounded
