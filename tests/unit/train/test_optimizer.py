import copy

import pytest
import torch
from torch import nn

from sidelight.train.optimizer import MatrixAndVectorOptimizer


def make(model: nn.Module) -> MatrixAndVectorOptimizer:
    return MatrixAndVectorOptimizer(model, learning_rate=1e-2, matrix_learning_rate=1e-2)


def make_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.Conv2d(16, 13, 3, padding=1),
        nn.ConvTranspose2d(13, 20, 3, 2),
        nn.Conv2d(20, 2, 1),
    )


def backward(model: nn.Module, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    model(torch.rand(2, 3, 6, 6, generator=generator)).square().mean().backward()


def test_a_step_updates_every_parameter():
    model = make_model()
    optimizer = make(model)
    before = copy.deepcopy(model.state_dict())
    backward(model)
    optimizer.step()
    still = [n for n, p in model.named_parameters() if torch.equal(p, before[n])]
    assert still == []


def test_every_parameter_of_the_codec_is_updated(tiny_model):
    optimizer = make(tiny_model)
    before = copy.deepcopy(tiny_model.state_dict())
    for parameter in tiny_model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    still = [n for n, p in tiny_model.named_parameters() if torch.equal(p, before[n])]
    assert still == []


def test_the_update_of_a_wide_convolution_is_orthogonal():
    model = make_model()
    optimizer = make(model)
    weight = model[2].weight
    before = weight.detach().clone()
    backward(model)
    optimizer.step()
    update = (weight.detach() - before).flatten(1)
    singular = torch.linalg.svdvals(update)
    # Muon's five iterations bring every singular value to within 0.7..1.2 of one another's
    assert singular.max() / singular.min() < 2
    adams = (model[0].weight.detach().flatten(1)).shape
    assert adams[1] == 27  # three input channels: too narrow, left to Adam


def test_the_loss_falls():
    model = make_model()
    optimizer = make(model)
    losses = []
    x = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    for _ in range(30):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_zero_grad_forgets_every_gradient():
    model = make_model()
    optimizer = make(model)
    backward(model)
    optimizer.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_share_scales_both_updates():
    lengths = []
    for share in (1.0, 0.1):
        model = make_model()
        optimizer = make(model)
        optimizer.set_share(share)
        before = copy.deepcopy(model.state_dict())
        backward(model)
        optimizer.step()
        lengths.append([(p - before[n]).norm().item() for n, p in model.named_parameters()])
    for whole, tenth in zip(*lengths, strict=True):
        assert tenth == pytest.approx(whole / 10, rel=1e-3, abs=1e-7)


def test_a_resumed_run_is_the_uncut_one_bit_for_bit():
    models = make_model(), make_model()
    uncut = make(models[0])
    for step in range(4):
        uncut.zero_grad()
        backward(models[0], step)
        uncut.step()

    cut = make(models[1])
    for step in range(2):
        cut.zero_grad()
        backward(models[1], step)
        cut.step()
    state = copy.deepcopy({"model": models[1].state_dict(), "optimizer": cut.state_dict()})
    resumed = nn.Sequential(*make_model())
    again = make(resumed)
    resumed.load_state_dict(state["model"])
    again.load_state_dict(state["optimizer"])
    for step in range(2, 4):
        again.zero_grad()
        backward(resumed, step)
        again.step()

    for name, value in models[0].state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value)


def test_without_a_matrix_learning_rate_all_is_adam():
    # without its norm: the gradient of a bias before a norm is but rounding
    ours, theirs = (nn.Sequential(*(m for k, m in enumerate(make_model()) if k != 1)) for _ in "ab")
    optimizer = MatrixAndVectorOptimizer(ours, learning_rate=1e-2, matrix_learning_rate=0)
    adam = torch.optim.Adam(theirs.parameters(), lr=1e-2)
    for seed in range(3):
        for model, steps in ((ours, optimizer), (theirs, adam)):
            steps.zero_grad()
            backward(model, seed)
            steps.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)
    again = MatrixAndVectorOptimizer(ours, learning_rate=1e-2, matrix_learning_rate=0)
    again.load_state_dict(optimizer.state_dict())
