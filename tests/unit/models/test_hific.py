import pytest
import torch
from torch import Tensor

from sidelight.models.hific import HiFiC
from sidelight.models.prior import MIN_SCALE


@pytest.fixture(scope="module")
def inputs() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    x = torch.rand(3, 3, 2, 2).repeat_interleave(32, 2).repeat_interleave(64, 3)
    return x, torch.randn(3, 16), torch.tensor([0.0, 0.7, 2.0])


@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 192)])
def test_shapes(tiny_model, height, width):
    x, text = torch.rand(2, 3, height, width), torch.zeros(2, 16)
    output = tiny_model(x, text, torch.zeros(2))
    assert output.x_hat.shape == x.shape
    assert output.y_hat.shape == (2, 12, height // 16, width // 16)
    assert output.bpp.shape == output.bpp_rounded.shape == (2,)


def test_the_latent_is_rounded_after_its_gain(tiny_model, inputs):
    x, text, position = inputs
    y_hat = tiny_model(x, text, position).y_hat
    gained = tiny_model.g_a(x) * tiny_model.latent_gain.gain(position)
    back = y_hat / tiny_model.latent_gain.inverse(position)
    error = (back - gained).abs()
    assert 0.4 < error.max() < 0.501


def test_rate_and_picture_teach_the_encoder(tiny_model, inputs):
    output = tiny_model(*inputs)
    stem = tiny_model.g_a.network[0].weight
    for term in (output.bpp.sum(), output.x_hat.square().sum()):
        (gradient,) = torch.autograd.grad(term, stem, retain_graph=True)
        assert gradient.abs().min() > 0


def test_the_picture_does_not_teach_the_hyperprior(tiny_model, inputs):
    # the means cancel in y_hat = means + round(y - means)
    tiny_model(*inputs).x_hat.sum().backward()
    last = tiny_model.h_s.mean[-1].weight
    assert last.grad.abs().max() == 0


def test_the_rate_teaches_every_part_that_predicts(tiny_model, inputs):
    tiny_model(*inputs).bpp.sum().backward()
    silent = [
        name
        for name, parameter in tiny_model.named_parameters()
        if not name.startswith("g_s") and name != "latent_gain.log_inverse"
        if parameter.grad is None or parameter.grad.abs().max() == 0
    ]
    assert silent == []


def test_the_rounded_rate_has_no_gradient(tiny_model, inputs):
    assert not tiny_model(*inputs).bpp_rounded.requires_grad


def test_text_does_not_touch_rate_or_latent(tiny_model, inputs):
    x, text, position = inputs
    outputs = []
    for caption in (text, -text):
        torch.manual_seed(1)  # the same noise
        outputs.append(tiny_model(x, caption, position))
    first, second = outputs
    assert torch.equal(first.bpp, second.bpp)
    assert torch.equal(first.y_hat, second.y_hat)
    assert not torch.allclose(first.x_hat, second.x_hat, atol=1e-3)


def test_the_rate_is_in_bits_per_pixel_of_each_picture(tiny_model, inputs):
    x, text, position = inputs
    rates = tiny_model.eval()(x, text, position).bpp_rounded
    twice = torch.cat([x, x], dim=3)  # twice the pixels, about twice the bits
    doubled = tiny_model(twice, text, position).bpp_rounded
    assert (doubled / rates - 1).abs().max() < 0.15


def test_a_finer_level_costs_more(tiny_config, inputs):
    torch.manual_seed(0)
    model = HiFiC(tiny_config)  # whose gains still rise with the level
    with torch.no_grad():
        model.g_a.network[-1].weight.mul_(6)
    x, text, _ = inputs
    rates = [model(x, text, torch.full((3,), float(k))).bpp_rounded.mean() for k in range(3)]
    assert rates == sorted(rates)


def test_scales_are_at_least_the_smallest_tabulated(tiny_model):
    hyper = tiny_model.h_s(5 * torch.randn(2, 8, 2, 3))
    means, scales = tiny_model.means_and_scales(hyper, torch.zeros(2, 12, 8, 12))
    assert means.shape == scales.shape == (2, 12, 8, 12)
    assert scales.min().item() == pytest.approx(MIN_SCALE)
    assert scales.max() > 2 * MIN_SCALE


def test_bfloat16_changes_the_rate_by_little(tiny_model, inputs):
    torch.manual_seed(2)
    full = tiny_model(*inputs).bpp
    torch.manual_seed(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = tiny_model(*inputs)
    assert output.bpp.dtype == output.x_hat.dtype == torch.float32
    assert output.bpp.mean().item() == pytest.approx(full.mean().item(), rel=0.02)
