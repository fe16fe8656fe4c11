import warnings

import pytest
import torch
from torch import distributed, nn

from sidelight.nn.norm import ChannelNorm, SyncedBatchNorm


@pytest.fixture
def alone(tmp_path):
    """A group of one process, which goes the way of many."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1
    )
    yield
    distributed.destroy_process_group()


def test_batch_norm_over_processes_is_torchs_own_and_warns_of_nothing(alone):
    torch.manual_seed(0)
    found = []
    x = 3 * torch.randn(4, 5, 6, 7) + 1
    weight = torch.randn(4, 5, 6, 7)
    for kind in (SyncedBatchNorm, nn.BatchNorm2d):
        norm, inputs = kind(5), x.clone().requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            y = norm(inputs)
            (y * weight).sum().backward()
        parts = (y, inputs.grad, norm.weight.grad, norm.running_mean, norm.running_var)
        found.append([part.detach() for part in parts])
    for synced, own in zip(*found, strict=True):
        torch.testing.assert_close(synced, own, rtol=1e-4, atol=1e-5)


def test_channel_norm_is_the_mean_and_variance_form():
    torch.manual_seed(0)
    norm = ChannelNorm(7)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.uniform_(-1, 1)
    x = 3 * torch.randn(2, 7, 5, 4) + 1

    mean = x.mean(1, keepdim=True)
    variance = (x - mean).square().mean(1, keepdim=True)
    naive = (x - mean) / (variance + 1e-3).sqrt()
    naive = naive * norm.weight[:, None, None] + norm.bias[:, None, None]

    torch.testing.assert_close(norm(x), naive, rtol=0, atol=1e-5)


def test_a_position_does_not_see_its_neighbours():
    norm, x = ChannelNorm(4), torch.randn(1, 4, 3, 3)
    changed = x.clone()
    changed[..., 1, 1] += 5
    differs = (norm(changed) != norm(x)).any(1)[0]
    assert differs.nonzero().tolist() == [[1, 1]]


def test_constant_channels_stay_finite():
    assert torch.equal(ChannelNorm(4)(torch.full((1, 4, 2, 2), 9.0)), torch.zeros(1, 4, 2, 2))
