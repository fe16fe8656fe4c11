import numpy as np
import pytest

from sidelight.entropy import network
from sidelight.entropy.network import (
    ACTIVATION_LIMIT,
    EXACT_LIMIT,
    LINEAR,
    RELU,
    ExactLayer,
    ExactStack,
)
from sidelight.errors import CheckpointError

SHIFT = 9


def integer_layer(
    weight: np.ndarray, bias: np.ndarray, *, transposed: bool, negative_slope: int = LINEAR
) -> ExactLayer:
    return ExactLayer(
        weight=weight.astype(np.int16),
        bias=bias.astype(np.int64),
        shift=SHIFT,
        transposed=transposed,
        negative_slope=negative_slope,
    )


def sums_by_hand(x: np.ndarray, layer: ExactLayer) -> np.ndarray:
    """Adds one product after the other in int64."""
    weight, bias = layer.weight.astype(np.int64), layer.bias
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

    found = layer(x.transpose(0, 2, 3, 1).astype(np.float64)).transpose(0, 3, 1, 2)

    assert found.dtype == np.float64
    assert np.array_equal(found, expected.astype(np.float64))
    assert (rounded != clamped).any()  # the clamp was met, so it was tested


def test_halves_round_up_on_both_sides_of_zero():
    layer = integer_layer(np.ones((1, 1, 1, 1)), np.zeros(1), transposed=False)
    half = 1 << SHIFT - 1
    x = np.array([-3.0 * half, -half - 1, -half, half - 1, half]).reshape(1, 1, 5, 1)
    assert layer(x).flatten().tolist() == [-1, -1, 0, 0, 1]


def random_stack(channels: int = 24) -> ExactStack:
    random = np.random.default_rng(3)

    def weight(*shape: int) -> np.ndarray:
        return random.integers(-(2**10), 2**10, shape).astype(np.int16)

    def bias(count: int) -> np.ndarray:
        return random.integers(-(2**20), 2**20, count)

    return ExactStack(
        [
            ExactLayer(weight(channels, channels, 5, 5), bias(channels), 14, True),
            ExactLayer(weight(channels, channels, 5, 5), bias(channels), 14, True),
            ExactLayer(weight(8, channels, 3, 3), bias(8), 14, False, LINEAR),
        ]
    )


def random_symbols(channels: int = 24, height: int = 12, width: int = 9) -> np.ndarray:
    random = np.random.default_rng(5)
    return random.integers(-(2**16), 2**16, (1, channels, height, width)).astype(np.float64)


def test_another_memory_layout_gives_the_same_integers():
    stack, x = random_stack(), random_symbols()
    for other in (np.asfortranarray(x), x[:, ::-1][:, ::-1], x.astype(np.int32)):
        assert np.array_equal(stack(other), stack(x))


def test_another_order_of_the_sums_gives_the_same_integers():
    stack, x = random_stack(), random_symbols()
    order = np.random.default_rng(0).permutation(24)
    first = stack.layers[0]
    shuffled = ExactStack(
        [ExactLayer(first.weight[order], first.bias, first.shift, True), *stack.layers[1:]]
    )
    assert np.array_equal(shuffled(x[:, order]), stack(x))


@pytest.mark.parametrize("values", [1, 5000, 2**30])
def test_the_bands_that_are_laid_out_at_once_change_no_integer(monkeypatch, values):
    stack, x = random_stack(), random_symbols()
    expected = stack(x)
    monkeypatch.setattr(network, "_BAND_VALUES", values)
    assert np.array_equal(stack(x), expected)


def test_a_part_gives_the_same_integers_as_the_whole():
    stack, x = random_stack(), random_symbols()
    assert (stack.reach, stack.scale) == (2, 4)
    part = stack(x[:, :, 4:10, :])[:, :, 8:-8]
    whole = stack(x)
    assert np.array_equal(part, whole[:, :, 24:32])
    # and it is the least that does
    short = stack(x[:, :, 5:9, :])[:, :, 4:-4]
    assert not np.array_equal(short, whole[:, :, 24:32])


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("transposed", [False, True])
def test_the_reach_of_a_layer_is_what_its_outputs_depend_on(kernel, transposed):
    weight = np.ones((1, 1, kernel, kernel))
    layer = integer_layer(weight, np.zeros(1), transposed=transposed)
    x = np.zeros((1, 21, 21, 1))
    x[0, 10, 10] = 2**12
    rows = np.nonzero(layer(x)[0, :, :, 0].any(1))[0] // layer.scale
    assert max(abs(rows - 10)) == layer.reach


def test_a_pixel_shuffle_moves_channels_to_positions():
    weight, bias = np.eye(8).reshape(8, 8, 1, 1) * 2**SHIFT, np.zeros(8)
    layer = ExactLayer(weight.astype(np.int16), bias.astype(np.int64), SHIFT, False, LINEAR, 2)
    x = np.arange(8.0).reshape(1, 1, 1, 8)
    assert layer(x)[0, :, :, 0].tolist() == [[0, 1], [2, 3]]
    assert layer(x)[0, :, :, 1].tolist() == [[4, 5], [6, 7]]
    assert layer.channels == (8, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.ones((2, 2, 3), np.int16)}, "weights have shape"),
        ({"weight": np.ones((2, 2, 3, 5), np.int16)}, "weights have shape"),
        ({"weight": np.ones((2, 2, 2, 2), np.int16)}, "weights have shape"),
        ({"bias": np.zeros(3, np.int64)}, r"2 outputs have biases of shape \(3,\)"),
        ({"negative_slope": LINEAR + 1}, "slope 4097"),
        ({"upscale": 0}, "upscale 0"),
        ({"upscale": 3}, "upscale 3 of 2 channels"),
    ],
)
def test_a_layer_that_cannot_be_is_refused(changes, message):
    sound = {"weight": np.ones((2, 2, 3, 3), np.int16), "bias": np.zeros(2, np.int64)}
    with pytest.raises(CheckpointError, match=message):
        ExactLayer(**sound | changes, shift=SHIFT, transposed=False)


def test_inputs_beyond_the_limit_are_clamped_to_it():
    stack = random_stack()
    far = np.full((1, 24, 2, 2), 2.0**40)
    assert np.array_equal(stack(far), stack(np.full_like(far, ACTIVATION_LIMIT)))


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
