"""The loss of carrier generators over the dial."""

import pytest
import torch

from sidelight.errors import ConfigError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.ssimulacra2 import ssimulacra2
from sidelight.train.losses.dial import DialConfig, WrongText, dial_loss, with_wrong_text


class SeenGap(LPIPS):
    """A distance that can be worked out by hand, and tells what it was given."""

    def forward(self, x, x_hat):
        self.seen = x.shape
        return (x - x_hat).mean((1, 2, 3)).abs()


X = torch.full((3, 3, 48, 48), 0.6)
X_HAT = torch.full((3, 3, 48, 48), 0.5)
REALISM = torch.tensor([0.0, 0.5, 1.0])


def test_each_weight_goes_evenly_from_one_end_to_the_other():
    config = DialConfig(
        mse_weight=(0.02, 0.01), structure_weight=(0.0, 0.0), lpips_weight=(0.0, 4.0)
    )
    fooling = torch.tensor([5.0, 6.0, 7.0])
    gap = SeenGap()
    loss = dial_loss(
        X, X_HAT, X, REALISM, lpips=gap, config=config, adversarial=fooling, adversarial_weight=0.1
    )
    mse = (255 * 0.1) ** 2
    expected = [
        0.02 * mse,
        0.015 * mse + 2 * 0.1 + 0.1 * 0.5 * 6,
        0.01 * mse + 4 * 0.1 + 0.1 * 1 * 7,
    ]
    assert float(loss.total) == pytest.approx(sum(expected) / 3, rel=1e-4)
    assert float(loss.mse) == pytest.approx(mse, rel=1e-4)
    assert float(loss.adversarial) == pytest.approx(6.0)
    assert gap.seen[0] == 2  # the picture at 0 does without


def test_only_terms_that_judge_the_look_see_the_grain():
    config = DialConfig(
        mse_weight=(0.02, 0.02), structure_weight=(1.0, 1.0), lattice_weight=(1.0, 1.0)
    )
    grain = torch.full((3, 1, 48, 48), 0.05)
    without, with_it = (
        dial_loss(X, X_HAT + added, X, REALISM, lpips=SeenGap(), config=config, grain=told)
        for added, told in ((0, None), (grain, grain))
    )
    for name in ("mse", "structure", "lattice"):
        assert float(getattr(with_it, name)) == pytest.approx(float(getattr(without, name)), 1e-4)
    assert float(with_it.lpips) == pytest.approx(float(without.lpips) / 2, 1e-4)


def test_lpips_begins_at_every_phase_of_its_stride():
    gap, sizes = SeenGap(), set()
    for seed in range(60):
        torch.manual_seed(seed)
        dial_loss(X, X_HAT, X, REALISM, lpips=gap, config=DialConfig())
        sizes.add(tuple(gap.seen[2:]))
    assert sizes == {(48 - down, 48 - right) for down in range(4) for right in range(4)}


def test_the_structure_term_counts_where_it_is_weighted():
    torch.manual_seed(0)
    rough = X + 0.05 * torch.randn_like(X)
    ends = [(1.0, 0.0), (0.0, 1.0)]
    losses = [
        dial_loss(
            X,
            rough,
            X,
            torch.zeros(3),
            lpips=None,
            config=DialConfig(
                mse_weight=(0.0, 0.0), structure_weight=weight, lpips_weight=(0.0, 0.0)
            ),
        )
        for weight in ends
    ]
    assert float(losses[0].total) == pytest.approx(float(losses[0].structure)) != 0
    assert float(losses[1].total) == 0


def test_the_term_of_ssimulacra2_is_the_metric_turned_over():
    torch.manual_seed(0)
    rough = (X + 0.05 * torch.randn_like(X)).requires_grad_()
    config = DialConfig(
        mse_weight=(0.0, 0.0),
        structure_weight=(0.0, 0.0),
        ssimulacra2_weight=(3.0, 1.0),
        lpips_weight=(0.0, 0.0),
    )
    loss = dial_loss(X, rough, X, torch.ones(3), lpips=None, config=config)
    points = float(ssimulacra2(X, rough.detach().clamp(0, 1)).mean())
    assert float(loss.total.detach()) == pytest.approx(1 - points / 100, abs=0.003)
    loss.total.backward()
    better = (rough - 0.01 * rough.grad.sign()).detach().clamp(0, 1)
    assert float(ssimulacra2(X, better).mean()) > points


def test_equal_pictures_have_a_gradient_with_an_end():
    same = X.clone().requires_grad_()
    config = DialConfig(ssimulacra2_weight=(3.0, 1.0), lpips_weight=(0.0, 0.0))
    loss = dial_loss(X, same, X, REALISM, lpips=None, config=config)
    loss.total.backward()
    assert float(loss.total.detach()) < 0.1
    assert bool(same.grad.isfinite().all())


def test_lpips_is_needed_where_it_counts():
    with pytest.raises(ValueError, match="there is no LPIPS"):
        dial_loss(X, X_HAT, X, REALISM, lpips=None, config=DialConfig())
    for weights in ((1.0,), (1.0, -1.0)):
        with pytest.raises(ConfigError, match="lpips_weight must be two numbers"):
            DialConfig(lpips_weight=weights)


def test_a_sample_with_a_wrong_caption_counts_by_what_the_caption_changes():
    right = dial_loss(X[:2], X_HAT[:2], X[:2], REALISM[:2], lpips=SeenGap(), config=DialConfig())
    seen = WrongText(torch.tensor([False, True, False]), X_HAT[1:2] - 0.02)
    whole = with_wrong_text(right, X_HAT, seen, 0.1)
    changed = (255 * 0.02) ** 2
    assert float(whole.wrong_text) == pytest.approx(changed, rel=1e-3)
    assert float(whole.total) == pytest.approx((2 * float(right.total) + 0.1 * changed) / 3, 1e-4)
    none = WrongText(torch.zeros(3, dtype=torch.bool), X_HAT[:0])
    assert with_wrong_text(right, X_HAT, none, 0.1) == right


@pytest.mark.parametrize("values", [{"wrong_text_share": 1.0}, {"wrong_text_weight": 0.0}])
def test_shares_and_weights_of_wrong_captions_have_limits(values):
    with pytest.raises(ConfigError, match="wrong_text"):
        DialConfig(**values)
