import torch

from sidelight.nn.norm import ChannelNorm


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
