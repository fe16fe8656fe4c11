"""Exact integer convolution: the same integers on every machine (docs/determinism.md).

Weights, activations and sums are integers carried in float64. As long as no partial sum reaches
2^53, float64 adds them without rounding, so neither the order of the sums nor the number of
threads nor the instruction set can change a result. ``ExactStack`` proves the bound when it is
made. A convolution is a product of matrices, of what lies under its kernel with the weights.
Axes: b batch, i input channels, o output channels, h height, w width, k kernel.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sidelight.errors import CheckpointError

EXACT_LIMIT = 2**53
"""Below this magnitude float64 holds every integer."""
FRACTION_BITS = 12
"""Activations between the layers are integers in units of 2^-12."""
ACTIVATION_LIMIT = 2**24 - 1
"""Activations are clamped to this magnitude: 4096 in units of one."""
RELU, LINEAR = 0, 2**FRACTION_BITS
"""Negative slopes of an activation, in units of 2^-12."""
_MAX_SHIFT = 53
_BAND_VALUES = 2**19
"""How many values under the kernel are laid out at once: they stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class ExactLayer:
    """One integer convolution: ``floor((conv(x, weight) + bias) / 2^shift + 1/2)``, clamped.

    Behind it its activation, and if asked for a pixel shuffle.
    """

    weight: np.ndarray
    """int16 (o, i, k, k), or (i, o, k, k) for the transposed convolution."""
    bias: np.ndarray
    """int64 (o,), in the unit of the sums."""
    shift: int
    transposed: bool
    """A transposed convolution of stride 2 that doubles the size, else one of stride 1."""
    negative_slope: int = RELU
    """What negative values are multiplied by, in units of 2^-12 and rounded half up."""
    upscale: int = 1
    """How many times wider and higher a pixel shuffle makes the output."""

    def __post_init__(self) -> None:
        shape = self.weight.shape
        outputs = shape[1 if self.transposed else 0] if len(shape) == 4 else 0
        if not outputs or shape[2] != shape[3] or shape[2] % 2 == 0:
            raise CheckpointError(f"weights have shape {shape}, expected two widths and k, k (odd)")
        if self.bias.shape != (outputs,):
            raise CheckpointError(f"{outputs} outputs have biases of shape {self.bias.shape}")
        if not 0 <= self.negative_slope <= LINEAR:
            raise CheckpointError(f"slope {self.negative_slope}, expected 0 to {LINEAR}")
        if self.upscale < 1 or outputs % self.upscale**2:
            raise CheckpointError(f"upscale {self.upscale} of {outputs} channels")

    @property
    def channels(self) -> tuple[int, int]:
        """How many channels it reads and gives."""
        first, second = self.weight.shape[:2]
        inputs, outputs = (first, second) if self.transposed else (second, first)
        return inputs, outputs // self.upscale**2

    @property
    def scale(self) -> int:
        """How many times wider and higher the output is."""
        return (2 if self.transposed else 1) * self.upscale

    @property
    def reach(self) -> int:
        """Inputs on each side of a position that its outputs depend on."""
        radius = self.weight.shape[-1] // 2
        return (radius + 1) // 2 if self.transposed else radius

    def largest_sum(self) -> int:
        """Returns a bound on every partial sum, for inputs within the activation limit."""
        over = (0, 2, 3) if self.transposed else (1, 2, 3)
        weights = np.abs(self.weight.astype(np.int64)).sum(over).tolist()
        rounding = 2 ** max(self.shift - 1, 0)
        # Python's integers: in int64 a damaged bias could overflow to a small bound
        return rounding + max(
            weight * ACTIVATION_LIMIT + abs(bias)
            for weight, bias in zip(weights, self.bias.tolist(), strict=True)
        )

    def __call__(self, x: np.ndarray, *, padded: bool = True) -> np.ndarray:
        """Returns integers, float64 (b, h, w, o), of float64 integers (b, h, w, i).

        Without padding only those that no border touches.
        """
        if padded:
            reach = self.reach
            x = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
        values = self._doubled(x) if self.transposed else _convolve(x, self._kernels[0])
        values += self.bias
        values *= 2.0**-self.shift
        values += 0.5
        np.floor(values, out=values)
        lowest = 0 if self.negative_slope == RELU else -ACTIVATION_LIMIT
        np.clip(values, lowest, ACTIVATION_LIMIT, out=values)
        if self.negative_slope not in (RELU, LINEAR):
            bent = np.floor(values * (self.negative_slope / LINEAR) + 0.5)
            values = np.where(values < 0, bent, values)
        return _pixel_shuffle(values, self.upscale)

    def _doubled(self, x: np.ndarray) -> np.ndarray:
        """Returns the sums of the transposed convolution, each quarter of them by its taps."""
        batch, height, width = x.shape[0], *(side - 2 * self.reach for side in x.shape[1:3])
        sums = np.zeros((batch, 2 * height, 2 * width, self.weight.shape[1]))
        for kernel, (row, column) in zip(self._kernels, _QUARTERS, strict=True):
            rows, columns = kernel.shape[:2]
            if rows and columns:  # a kernel of 1 reaches a quarter only
                top, left = (self.reach + self._first_input(odd) for odd in (row, column))
                under = x[:, top : top + height + rows - 1, left : left + width + columns - 1]
                sums[:, row::2, column::2] = _convolve(under, kernel)
        return sums

    @cached_property
    def _kernels(self) -> list[np.ndarray]:
        """Weights as float64 (k, k, i, o): one kernel, or one for each quarter of the outputs."""
        weight = self.weight.astype(np.float64)
        if not self.transposed:
            return [np.ascontiguousarray(weight.transpose(2, 3, 1, 0))]
        weight = weight.transpose(2, 3, 0, 1)
        return [
            np.ascontiguousarray(weight[self._taps(row)][:, self._taps(column)])
            for row, column in _QUARTERS
        ]

    def _taps(self, odd: int) -> list[int]:
        """Returns which taps of the kernel reach even or odd outputs, in the inputs' order."""
        kernel = self.weight.shape[-1]
        return list(range((kernel // 2 + odd) % 2, kernel, 2))[::-1]

    def _first_input(self, odd: int) -> int:
        """Returns the input of the first of these taps, from the one that the output lies on."""
        return (self.weight.shape[-1] // 2 + odd - self._taps(odd)[0]) // 2


_QUARTERS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Rows and columns of outputs, even and odd, that a transposed convolution makes."""


def _convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Returns (b, h, w, o) of the places where the kernel (k, k, i, o) lies within x."""
    rows, columns, inputs, outputs = kernel.shape
    matrix = kernel.reshape(-1, outputs)
    windows = sliding_window_view(x, (rows, columns), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    batch, height, width = windows.shape[:3]
    result = np.empty((batch, height, width, outputs))
    band = max(1, _BAND_VALUES // (width * rows * columns * inputs))
    for k in range(batch):
        for top in range(0, height, band):
            under = windows[k, top : top + band]
            flat = under.reshape(-1, len(matrix))
            np.matmul(flat, matrix, out=result[k, top : top + band].reshape(-1, outputs))
    return result


def _pixel_shuffle(values: np.ndarray, upscale: int) -> np.ndarray:
    if upscale == 1:
        return values
    batch, height, width, channels = values.shape
    split = values.reshape(batch, height, width, -1, upscale, upscale).transpose(0, 1, 4, 2, 5, 3)
    return split.reshape(batch, upscale * height, upscale * width, channels // upscale**2)


class ExactStack:
    """Exact layers one after another.

    Raises:
        CheckpointError: Some sum could reach 2^53, so exactness cannot be promised, or a layer
            does not fit the one before it.
    """

    def __init__(self, layers: list[ExactLayer]) -> None:
        for before, after in pairwise(layers):
            if before.channels[1] != after.channels[0]:
                raise CheckpointError(
                    f"a layer of {after.channels[0]} channels follows one of {before.channels[1]}"
                )
        for k, layer in enumerate(layers):
            if not 0 <= layer.shift < _MAX_SHIFT:
                raise CheckpointError(
                    f"layer {k}: shift must be 0 to {_MAX_SHIFT - 1}, got {layer.shift}"
                )
            if (bound := layer.largest_sum()) >= EXACT_LIMIT:
                raise CheckpointError(
                    f"layer {k}: sums may reach {bound}, the exact limit is {EXACT_LIMIT}"
                )
        self.layers = layers
        self.channels = layers[0].channels[0], layers[-1].channels[1]

    @property
    def scale(self) -> int:
        """How many times wider and higher the output is."""
        return math.prod(layer.scale for layer in self.layers)

    @property
    def reach(self) -> int:
        """Inputs on each side of a position that its outputs depend on."""
        reach, scale = 0.0, 1
        for layer in self.layers:
            reach += layer.reach / scale
            scale *= layer.scale
        return math.ceil(reach)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Returns the integers of the last layer, float64 (b, o, h, w), of (b, i, h, w).

        Inputs are clamped to the activation limit.
        """
        x = np.clip(x.transpose(0, 2, 3, 1), -ACTIVATION_LIMIT, ACTIVATION_LIMIT)
        for layer in self.layers:
            x = layer(x)
        return x.transpose(0, 3, 1, 2)
