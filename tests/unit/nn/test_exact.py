import numpy as np
import pytest
import torch
from torch import nn

from sidelight.errors import CheckpointError
from sidelight.nn.exact import (
    ACTIVATION_LIMIT,
    EXACT_LIMIT,
    FRACTION_BITS,
    LINEAR,
    RELU,
    ExactLayer,
    ExactStack,
)

SHIFT = 9


def integer_layer(
    weight: np.ndarray, bias: np.ndarray, *, transposed: bool, negative_slope: int = LINEAR
) -> ExactLayer:
    return ExactLayer(
        weight=torch.from_numpy(weight.astype(np.int16)),
        bias=torch.from_numpy(bias.astype(np.int64)),
        shift=SHIFT,
        transposed=transposed,
        negative_slope=negative_slope,
    )


def sums_by_hand(x: np.ndarray, layer: ExactLayer) -> np.ndarray:
    """Adds one product after the other in int64."""
    weight, bias = layer.weight.numpy().astype(np.int64), layer.bias.numpy()
    kernel, (batch, _, height, width) = weight.shape[-1], x.shape
    pad, stride = kernel // 2, 2 if layer.transposed else 1
    channels = weight.shape[1 if layer.transposed else 0]
    sums = np.zeros((batch, channels, stride * height, stride * width), np.int64)
    sums += bias[:, None, None]
    for row in range(height):
        for column in range(width):
            for i in range(kernel):
                for j in range(kernel):
                    if layer.transposed:  # spreads an input over its outputs
                        to_row, to_column = 2 * row + i - pad, 2 * column + j - pad
                        taps = weight[:, :, i, j].T
                    else:  # an input reaches the output that it is a neighbour of
                        to_row, to_column = row - i + pad, column - j + pad
                        taps = weight[:, :, i, j]
                    if 0 <= to_row < stride * height and 0 <= to_column < stride * width:
                        sums[:, :, to_row, to_column] += x[:, :, row, column] @ taps.T
    return sums


def random_layer(kernel: int, *, transposed: bool, negative_slope: int) -> ExactLayer:
    random = np.random.default_rng(kernel)
    weight = random.integers(-(2**15), 2**15, (4, 3, kernel, kernel))
    bias = random.integers(-(2**40), 2**40, 3 if transposed else 4)
    return integer_layer(weight, bias, transposed=transposed, negative_slope=negative_slope)


@pytest.fixture
def inputs() -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(-ACTIVATION_LIMIT, ACTIVATION_LIMIT + 1, (2, 4, 5, 3))


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("slope", [RELU, 41, LINEAR])
def test_a_layer_is_the_integer_convolution(inputs, kernel, transposed, slope):
    layer = random_layer(kernel, transposed=transposed, negative_slope=slope)
    x = inputs if transposed else inputs[:, :3]
    # floor(sum / 2^s + 1/2) in integers
    rounded = (sums_by_hand(x, layer) + (1 << SHIFT - 1)) >> SHIFT
    clamped = rounded.clip(-ACTIVATION_LIMIT, ACTIVATION_LIMIT)
    # half a unit is 2^11 of the 2^12 that a slope counts in
    expected = np.where(clamped < 0, (clamped * slope + (1 << 11)) >> 12, clamped)

    found = layer(torch.from_numpy(x).double())

    assert found.dtype == torch.float64
    assert np.array_equal(found.numpy(), expected.astype(np.float64))
    assert (rounded != clamped).any()  # the clamp was met, so it was tested


def test_halves_round_up_on_both_sides_of_zero():
    layer = integer_layer(np.ones((1, 1, 1, 1)), np.zeros(1), transposed=False)
    half = 1 << SHIFT - 1
    x = torch.tensor([-3 * half, -half - 1, -half, half - 1, half]).double().reshape(1, 1, 1, 5)
    assert layer(x).flatten().tolist() == [-1, -1, 0, 0, 1]


def random_stack(channels: int = 24) -> ExactStack:
    torch.manual_seed(3)
    return ExactStack(
        [
            ExactLayer.from_float(nn.ConvTranspose2d(channels, channels, 5, 2, 2, 1)),
            ExactLayer.from_float(nn.ConvTranspose2d(channels, channels, 5, 2, 2, 1)),
            ExactLayer.from_float(
                nn.Conv2d(channels, 8, 3, padding=1), output_fraction_bits=6, negative_slope=LINEAR
            ),
        ]
    )


def random_symbols(channels: int = 24, height: int = 12, width: int = 9) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randint(
        -(2**16), 2**16, (1, channels, height, width), generator=generator
    ).double()


def test_one_thread_and_two_give_the_same_integers():
    stack, x = random_stack(), random_symbols()
    one = stack(x)
    torch.set_num_threads(2)
    try:
        assert torch.equal(stack(x), one)
    finally:
        torch.set_num_threads(1)


def test_with_and_without_onednn_come_the_same_integers():
    stack, x = random_stack(), random_symbols()
    expected = stack(x)
    torch.backends.mkldnn.set_flags(False)  # flags() warns about TF32
    try:
        assert torch.equal(stack(x), expected)
    finally:
        torch.backends.mkldnn.set_flags(True)


def test_another_memory_format_gives_the_same_integers():
    stack, x = random_stack(), random_symbols()
    assert torch.equal(stack(x.contiguous(memory_format=torch.channels_last)), stack(x))


def test_another_order_of_the_sums_gives_the_same_integers():
    stack, x = random_stack(), random_symbols()
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    first = stack.layers[0]
    shuffled = ExactStack(
        [ExactLayer(first.weight[order], first.bias, first.shift, True), *stack.layers[1:]]
    )
    assert torch.equal(shuffled(x[:, order]), stack(x))


def test_a_part_gives_the_same_integers_as_the_whole():
    stack, x = random_stack(), random_symbols()
    # two input positions cover the reach of two transposed convolutions and a plain one
    part = stack(x[:, :, 4:10, :])[:, :, 8:-8]
    assert torch.equal(part, stack(x)[:, :, 24:32])


def test_inputs_beyond_the_limit_are_clamped_to_it():
    stack = random_stack()
    far = torch.full((1, 24, 2, 2), 2.0**40, dtype=torch.float64)
    assert torch.equal(stack(far), stack(torch.full_like(far, ACTIVATION_LIMIT)))


def test_a_stack_whose_sums_could_lose_a_bit_is_refused():
    def stack_of(inputs: int) -> ExactStack:
        weight = np.full((1, inputs, 1, 1), -(2**15))
        return ExactStack([integer_layer(weight, np.zeros(1), transposed=False)])

    # 2^15 * (2^24 - 1) * n passes 2^53 between n = 2^14 and the next
    stack_of(2**14)
    with pytest.raises(CheckpointError, match=rf"layer 0: .* the exact limit is {EXACT_LIMIT}"):
        stack_of(2**14 + 1)


@pytest.mark.parametrize("bias", [2**53, -(2**63), 2**63 - 1])
def test_a_bias_beyond_the_limit_is_refused(bias):
    layer = integer_layer(np.ones((1, 1, 1, 1)), np.array([bias], np.int64), transposed=False)
    with pytest.raises(CheckpointError, match="sums may reach"):
        ExactStack([layer])


def test_the_bound_of_a_transposed_layer_sums_over_its_inputs():
    weight = np.zeros((2, 3, 1, 1))
    weight[:, 1] = 5
    layer = integer_layer(weight, np.array([0, 7, 0]), transposed=True)
    assert layer.largest_sum() == 2 * 5 * ACTIVATION_LIMIT + 7 + 2 ** (SHIFT - 1)


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
    layer = ExactLayer.from_float(conv, negative_slope=LINEAR)
    integers = layer(torch.round(x.double() * 2**FRACTION_BITS))
    error = integers * 2.0**-FRACTION_BITS - conv(x).double()
    # inputs and outputs are off by up to 2^-13, weights by 2^-16 of the largest
    assert error.abs().max() < 2**-12 * (1 + conv.weight.abs().sum((1, 2, 3)).max())


def test_weights_use_all_of_16_bits():
    for gain in (0.01, 1.0, 1e3):
        conv = nn.Conv2d(4, 4, 3)
        nn.init.uniform_(conv.weight, -gain, gain)
        largest = ExactLayer.from_float(conv).weight.long().abs().max()
        assert 2**14 <= largest + 1 <= 2**15


@pytest.mark.parametrize("weight", [0.0, 2.0**15, float("nan"), float("inf")])
def test_weights_that_16_bits_cannot_hold_are_refused(weight):
    conv = nn.Conv2d(2, 2, 1)
    nn.init.constant_(conv.weight, weight)
    with pytest.raises(CheckpointError, match="largest weight is"):
        ExactLayer.from_float(conv)


def test_a_convolution_without_bias_is_a_programming_error():
    with pytest.raises(ValueError, match="with a bias"):
        ExactLayer.from_float(nn.Conv2d(2, 2, 1, bias=False))
