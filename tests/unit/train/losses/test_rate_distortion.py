import dataclasses

import pytest
import torch

from sidelight.errors import ConfigError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.registry import METRICS
from sidelight.models.base import TrainingOutput
from sidelight.train.losses.rate_distortion import (
    TRAINED_METRICS,
    DistortionConfig,
    rate_distortion,
)


class BrightnessGap(LPIPS):
    """A distance that can be worked out by hand."""

    def forward(self, x, x_hat):
        return (x - x_hat).mean((1, 2, 3)).abs()


@pytest.fixture(scope="module")
def brightness_gap() -> LPIPS:
    return BrightnessGap()


@pytest.fixture
def output() -> TrainingOutput:
    x_hat = torch.stack([torch.full((3, 4, 4), 0.5), torch.full((3, 4, 4), 0.25)])
    return TrainingOutput(
        x_hat=x_hat.requires_grad_(),
        y_hat=torch.zeros(2, 1, 1, 1),
        bpp=torch.tensor([0.5, 2.0], requires_grad=True),
        bpp_rounded=torch.tensor([100.0, 100.0]),
    )


X = torch.stack([torch.full((3, 4, 4), 0.6), torch.full((3, 4, 4), 0.25)])


def test_the_terms_are_those_of_equations_3_and_5(output, brightness_gap):
    config = DistortionConfig(mse_weight=0.01, lpips_weight=3.0)
    lmbda = torch.tensor([2.0, 0.25])
    loss = rate_distortion(output, X, lmbda, lpips=brightness_gap, config=config)

    assert loss.bpp.item() == pytest.approx((0.5 + 2.0) / 2)
    assert loss.mse.item() == pytest.approx((25.5**2 + 0) / 2)
    assert loss.lpips.item() == pytest.approx(0.1 / 2)
    rate = (2.0 * 0.5 + 0.25 * 2.0) / 2  # lambda multiplies the rate, each picture has its own
    assert loss.total.item() == pytest.approx(rate + 0.01 * 25.5**2 / 2 + 3.0 * 0.05)


@pytest.mark.parametrize("balance", [0.5, 1.0])
def test_balance_divides_each_pictures_loss_by_a_power_of_its_lambda(
    output, brightness_gap, balance
):
    config = DistortionConfig(mse_weight=0.01, lpips_weight=3.0)
    lmbda = torch.tensor([2.0, 0.25])
    loss = rate_distortion(output, X, lmbda, lpips=brightness_gap, config=config, balance=balance)
    first = (2.0 * 0.5 + 0.01 * 25.5**2 + 3.0 * 0.1) / 2.0**balance
    second = 0.25 * 2.0 / 0.25**balance
    assert loss.total.item() == pytest.approx((first + second) / 2)


def test_the_weights_default_to_hifics():
    # the paper prints them swapped (choice C1)
    assert DistortionConfig().mse_weight == 0.075 * 2**-5
    assert DistortionConfig().lpips_weight == 1.0


def test_the_noisy_rate_is_trained_by_lambda(output, brightness_gap):
    lmbda = torch.tensor([2.0, 0.25])
    loss = rate_distortion(output, X, lmbda, lpips=brightness_gap, config=DistortionConfig())
    loss.total.backward()
    assert output.bpp.grad.tolist() == [1.0, 0.125]
    assert output.x_hat.grad[0].abs().min() > 0
    assert not any(term.requires_grad for term in loss[1:])


def test_a_consistency_term_counts_by_its_weight(output, brightness_gap):
    settings = {"lpips": brightness_gap, "config": DistortionConfig(consistency_weight=0.5)}
    lmbda = torch.ones(2)
    without = rate_distortion(output, X, lmbda, **settings)
    assert without.consistency == 0
    consistency = torch.tensor([1.0, 3.0])
    loss = rate_distortion(output._replace(consistency=consistency), X, lmbda, **settings)
    assert loss.consistency.item() == 2
    assert (loss.total - without.total).item() == pytest.approx(0.5 * 2)


class Refusing(LPIPS):
    def forward(self, x, x_hat):
        raise AssertionError("LPIPS was computed")


@pytest.mark.parametrize("lpips", [None, Refusing()])
def test_without_weight_lpips_is_not_computed(output, lpips):
    config = DistortionConfig(mse_weight=0.01, lpips_weight=0.0)
    loss = rate_distortion(output, X, torch.ones(2), lpips=lpips, config=config)
    assert loss.lpips.item() == 0
    assert loss.total.item() == pytest.approx((0.5 + 2.0) / 2 + 0.01 * 25.5**2 / 2)


def test_a_weight_without_lpips_is_a_mistake(output):
    with pytest.raises(ValueError, match=r"lpips_weight is 1\.0, but there is no LPIPS"):
        rate_distortion(output, X, torch.ones(2), lpips=None, config=DistortionConfig())


def test_every_term_tells_the_metric_that_it_trains_on():
    no_metric = {"consistency_weight"}  # of latents and captions
    terms = {field.name for field in dataclasses.fields(DistortionConfig)}
    assert set(TRAINED_METRICS) == terms - no_metric
    assert set(TRAINED_METRICS.values()) <= set(METRICS)


@pytest.mark.parametrize("name", ["mse_weight", "lpips_weight", "consistency_weight"])
def test_a_negative_weight_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name} must be >= 0, got -1"):
        DistortionConfig(**{name: -1.0})
