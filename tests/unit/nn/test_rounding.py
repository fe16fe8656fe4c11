import torch

from sidelight.nn.rounding import add_uniform_noise, lower_bound, round_straight_through


def test_rounding_is_floor_of_a_half_more():
    x = torch.tensor([-1.5, -0.51, -0.5, -0.49, 0.49, 0.5, 1.5, 2.5])
    assert round_straight_through(x).tolist() == [-1, -1, 0, 0, 0, 1, 2, 3]


def test_rounding_passes_the_gradient_unchanged():
    x = torch.randn(20, requires_grad=True)
    gradient = torch.randn(20)
    round_straight_through(x).backward(gradient)
    assert torch.equal(x.grad, gradient)


def test_noise_is_uniform_and_centred():
    torch.manual_seed(0)
    noise = add_uniform_noise(torch.zeros(100_000))
    assert noise.min() >= -0.5
    assert noise.max() <= 0.5
    # mean +- 5 standard errors, variance of U(-1/2, 1/2) within 2 %
    assert abs(noise.mean()) < 5 * (1 / 12 / 100_000) ** 0.5
    assert abs(noise.var() * 12 - 1) < 0.02


def test_noise_passes_the_gradient_unchanged():
    x = torch.randn(5, requires_grad=True)
    add_uniform_noise(x).sum().backward()
    assert torch.equal(x.grad, torch.ones(5))


def test_lower_bound_clamps():
    assert lower_bound(torch.tensor([-1.0, 0.11, 0.2]), 0.11).tolist() == [
        torch.tensor(0.11).item(),
        torch.tensor(0.11).item(),
        torch.tensor(0.2).item(),
    ]


def test_below_the_bound_only_gradients_that_raise_x_pass():
    x = torch.tensor([0.0, 0.0, 1.0, 1.0], requires_grad=True)
    # descent moves against the gradient: a negative one raises x
    lower_bound(x, 0.5).backward(torch.tensor([-1.0, 1.0, -1.0, 1.0]))
    assert x.grad.tolist() == [-1.0, 0.0, -1.0, 1.0]
