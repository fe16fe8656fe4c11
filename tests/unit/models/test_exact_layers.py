import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sidelight.entropy.network import FRACTION_BITS, LINEAR, ExactStack
from sidelight.errors import CheckpointError
from sidelight.models.freeze import exact_layer, exact_stack

CHANNELS = 24


def random_stack() -> ExactStack:
    torch.manual_seed(3)
    return exact_stack(
        nn.Sequential(
            nn.ConvTranspose2d(CHANNELS, CHANNELS, 5, 2, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(CHANNELS, CHANNELS, 5, 2, 2, 1),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, 8, 3, padding=1),
        ),
        output_fraction_bits=6,
    )


def by_torch(stack: ExactStack, x: np.ndarray) -> np.ndarray:
    """Runs the layers by torch's own convolutions in float64."""
    values = torch.from_numpy(x)
    for layer in stack.layers:
        weight, bias = (torch.from_numpy(part).double() for part in (layer.weight, layer.bias))
        pad = weight.shape[-1] // 2
        if layer.transposed:
            sums = F.conv_transpose2d(values, weight, bias, stride=2, padding=pad, output_padding=1)
        else:
            sums = F.conv2d(values, weight, bias, padding=pad)
        values = torch.floor(sums * 2.0**-layer.shift + 0.5)
        limit = 2**24 - 1
        values = values.clamp(-limit if layer.negative_slope == LINEAR else 0, limit)
    return values.numpy()


@pytest.mark.parametrize("size", [(12, 9), (1, 1), (2, 31)])
def test_torch_comes_to_the_same_integers(size):
    x = np.random.default_rng(5).integers(-(2**16), 2**16, (2, CHANNELS, *size)).astype(float)
    stack = random_stack()
    assert np.array_equal(stack(x), by_torch(stack, x))


@pytest.mark.parametrize("gain", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_a_layer_is_close_to_the_float_one(gain, kind):
    torch.manual_seed(0)
    if kind is nn.Conv2d:
        conv = nn.Conv2d(16, 8, 3, padding=1)
    else:
        conv = nn.ConvTranspose2d(16, 8, 5, 2, 2, output_padding=1)
    with torch.no_grad():
        conv.weight.mul_(gain)
        x = torch.randn(1, 16, 6, 6)
        expected = conv(x).double().numpy()
    stack = ExactStack([exact_layer(conv, negative_slope=LINEAR)])
    integers = stack(np.round(x.double().numpy() * 2**FRACTION_BITS))
    error = np.abs(integers * 2.0**-FRACTION_BITS - expected)
    # inputs and outputs are off by up to 2^-13, weights by 2^-16 of the largest
    assert error.max() < 2**-12 * (1 + conv.weight.abs().sum((1, 2, 3)).max().item())


def test_weights_use_all_of_16_bits():
    for gain in (0.01, 1.0, 1e3):
        conv = nn.Conv2d(4, 4, 3)
        nn.init.uniform_(conv.weight, -gain, gain)
        largest = np.abs(exact_layer(conv).weight.astype(int)).max()
        assert 2**14 <= largest + 1 <= 2**15


@pytest.mark.parametrize("weight", [0.0, 2.0**15, float("nan"), float("inf")])
def test_weights_that_16_bits_cannot_hold_are_refused(weight):
    conv = nn.Conv2d(2, 2, 1)
    nn.init.constant_(conv.weight, weight)
    with pytest.raises(CheckpointError, match="largest weight is"):
        exact_layer(conv)


def test_a_convolution_without_bias_is_a_programming_error():
    with pytest.raises(ValueError, match="with a bias"):
        exact_layer(nn.Conv2d(2, 2, 1, bias=False))


def test_a_layer_without_an_integer_form_is_named():
    with pytest.raises(TypeError, match="no integer form of Tanh"):
        exact_stack(nn.Sequential(nn.Conv2d(2, 2, 1), nn.Tanh()))
