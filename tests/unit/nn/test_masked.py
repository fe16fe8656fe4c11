import torch

from sidelight.nn.masked import MaskedConv2d


def test_nothing_changes_where_a_latent_and_all_later_ones_change():
    torch.manual_seed(0)
    layer, x = MaskedConv2d(3, 4, 5).double(), torch.randn(1, 3, 7, 6, dtype=torch.float64)
    before = layer(x).flatten(2)
    for place in range(7 * 6):
        changed = x.flatten(2).clone()
        changed[..., place:] += torch.randn_like(changed[..., place:])
        after = layer(changed.reshape(x.shape)).flatten(2)
        assert torch.equal(after[..., : place + 1], before[..., : place + 1])


def test_every_earlier_latent_of_its_window_is_read():
    layer = MaskedConv2d(1, 1, 5)
    x = torch.randn(1, 1, 5, 5, requires_grad=True)
    layer(x)[0, 0, 2, 2].backward()
    read = (x.grad[0, 0] != 0).flatten().tolist()
    assert read == [True] * 12 + [False] * 13


def test_it_is_the_convolution_of_its_masked_weight():
    torch.manual_seed(0)
    layer, x = MaskedConv2d(2, 3, 5), torch.randn(2, 2, 6, 4)
    weight = layer.weight.detach().clone()
    weight[..., 2, 2:] = 0
    weight[..., 3:, :] = 0
    assert torch.equal(layer.masked_weight, weight)
    expected = torch.nn.functional.conv2d(x, weight, layer.bias, padding=2)
    torch.testing.assert_close(layer(x), expected)


def test_the_state_holds_weight_and_bias_only():
    assert list(MaskedConv2d(2, 3, 5).state_dict()) == ["weight", "bias"]
