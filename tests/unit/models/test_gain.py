import math

import pytest
import torch

from sidelight.models.gain import QualityGain, interpolate_levels


@pytest.fixture
def gain() -> QualityGain:
    torch.manual_seed(0)
    gain = QualityGain(4, 3, lowest=1.0, highest=8.0)
    with torch.no_grad():
        gain.log_gain.add_(torch.randn(3, 4))
        gain.log_inverse.add_(torch.randn(3, 4))
    return gain


def test_at_a_level_the_gains_are_its_own(gain):
    at_levels = gain.gain(torch.tensor([0.0, 1.0, 2.0]))
    torch.testing.assert_close(at_levels[..., 0, 0], gain.log_gain.exp())


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.9])
def test_between_two_levels_the_gains_are_a_weighted_geometric_mean(gain, weight):
    for get in (gain.gain, gain.inverse):
        low, high, between = get(torch.tensor([1.0, 2.0, 1.0 + weight]))
        torch.testing.assert_close(between, low ** (1 - weight) * high**weight)


def test_every_sample_has_its_own_position(gain):
    positions = torch.tensor([2.0, 0.3, 1.7])
    together = gain.gain(positions)
    alone = torch.cat([gain.gain(position[None]) for position in positions])
    assert torch.equal(together, alone)


def test_a_fresh_gain_rises_in_equal_steps_and_its_inverse_undoes_it():
    gain = QualityGain(2, 4, lowest=1.0, highest=8.0)
    positions = torch.tensor([0.0, 1.0, 2.0, 3.0, 1.5])
    assert gain.gain(positions[:4])[:, 0, 0, 0].tolist() == pytest.approx([1, 10 / 3, 17 / 3, 8])
    product = gain.gain(positions) * gain.inverse(positions)
    torch.testing.assert_close(product, torch.ones_like(product))


def test_one_level_starts_at_one_and_needs_no_position():
    gain = QualityGain(3, 1, lowest=1.0, highest=8.0)
    assert torch.equal(gain.gain(torch.zeros(2)), torch.ones(2, 3, 1, 1))
    with torch.no_grad():
        gain.log_gain.fill_(0.7)
    assert gain.gain(torch.zeros(2)).flatten().tolist() == pytest.approx([math.exp(0.7)] * 6)


def test_only_the_neighbouring_levels_learn(gain):
    gain.gain(torch.tensor([0.25])).sum().backward()
    learns = gain.log_gain.grad.abs().sum(1) > 0
    assert learns.tolist() == [True, True, False]


def test_interpolation_is_linear_for_plain_numbers():
    levels = torch.tensor([1.0, 3.0, 0.0])
    positions = torch.tensor([0.0, 0.5, 1.0, 1.25, 2.0])
    assert interpolate_levels(levels, positions).tolist() == [1.0, 2.0, 3.0, 2.25, 0.0]
