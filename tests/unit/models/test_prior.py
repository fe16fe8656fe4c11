import math

import pytest
import torch

from sidelight.models.prior import (
    LIKELIHOOD_FLOOR,
    FactorizedPrior,
    gaussian_likelihood,
    interval_mass,
)


@pytest.fixture
def prior() -> FactorizedPrior:
    """As far from its start as training may take it."""
    torch.manual_seed(0)
    prior = FactorizedPrior(5).double()
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return prior


def integers(channels: int, reach: int) -> torch.Tensor:
    return torch.arange(-reach, reach + 1.0, dtype=torch.float64).expand(1, channels, 1, -1)


def test_the_masses_of_all_integers_sum_to_one(prior):
    z = integers(5, 2000)
    # the floor adds up to 1e-9 each
    assert (prior(z).sum(-1) - 1).abs().max() < 1e-8 + LIKELIHOOD_FLOOR * z.shape[-1]


def test_a_fresh_prior_is_about_as_wide_as_it_was_told():
    torch.manual_seed(0)
    narrow, wide = (FactorizedPrior(50, init_scale=s).double() for s in (1.0, 30.0))
    middle = torch.zeros(1, 50, 1, 1, dtype=torch.float64)
    assert wide(middle).mean() < 0.1 * narrow(middle).mean()


def test_the_cumulative_distribution_rises(prior):
    logits = prior.cumulative_logits(torch.linspace(-60, 60, 500).double().expand(5, -1))
    assert (logits.diff(dim=1) > 0).all()


def test_each_channel_has_its_own_density(prior):
    masses = prior(integers(5, 3))
    assert len(masses[0, :, 0].unique(dim=0)) == 5


def test_a_position_reads_its_channel_wherever_it_lies(prior):
    z = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    masses = prior(z)
    for b, c, h, w in ((0, 0, 0, 0), (1, 4, 2, 3), (1, 2, 0, 1)):
        alone = prior(z[b, c, h, w].expand(1, 5, 1, 1))[0, c, 0, 0]
        torch.testing.assert_close(masses[b, c, h, w], alone)


def test_far_out_the_mass_is_the_floor_and_never_less():
    prior = FactorizedPrior(3)
    z = torch.tensor([-1e6, -300.0, 300.0, 1e6]).expand(1, 3, 1, -1)
    assert torch.equal(prior(z), torch.full_like(z, LIKELIHOOD_FLOOR))


def test_an_interval_in_either_tail_keeps_its_digits():
    lower = torch.tensor([20.0, -21.0])
    upper = torch.tensor([21.0, -20.0])
    expected = 1 / (1 + math.exp(20)) - 1 / (1 + math.exp(21))
    assert interval_mass(lower, upper).tolist() == pytest.approx([expected] * 2, rel=1e-5)


def cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


@pytest.mark.parametrize("scale", [0.11, 0.5, 1.0, 7.3, 200.0])
@pytest.mark.parametrize("residual", [0.0, 0.3, -0.3, 1.0, -2.0, 15.0])
def test_gaussian_likelihood_is_the_mass_of_the_unit_interval(scale, residual):
    far = -abs(residual)  # the same mass by symmetry, where the difference keeps its digits
    expected = cdf((far + 0.5) / scale) - cdf((far - 0.5) / scale)
    found = gaussian_likelihood(torch.tensor(residual), torch.tensor(scale)).item()
    assert found == pytest.approx(max(expected, LIKELIHOOD_FLOOR), rel=2e-5)


@pytest.mark.parametrize("scale", [0.11, 0.4, 3.0])
def test_gaussian_likelihoods_of_all_integers_sum_to_one(scale):
    residuals = torch.arange(-100, 101).double() + 0.25
    masses = gaussian_likelihood(residuals, torch.full_like(residuals, scale))
    assert masses.sum().item() == pytest.approx(1, abs=1e-6)


def test_gaussian_tails_are_positive_with_finite_gradients():
    residual = torch.tensor([0.0, 5.0, -50.0, 1e4, -1e8], requires_grad=True)
    scales = torch.full((5,), 0.11, requires_grad=True)
    likelihood = gaussian_likelihood(residual, scales)
    assert (likelihood >= torch.tensor(LIKELIHOOD_FLOOR)).all()
    likelihood.log2().sum().backward()
    assert residual.grad.isfinite().all()
    assert scales.grad.isfinite().all()
