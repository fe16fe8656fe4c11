"""A context: what the latents coded before say of the next ones, in integers.

A latent depends on its neighbours above and to the left; a wavefront then codes all positions at
once that do not depend on each other, w + 3 h steps for a latent of h by w.
Axes: b batch, c latent channels, p channels of the prior's parameters, h and w latent height and
width, f latents of a front, o features of the context.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sidelight.entropy.latents import MEAN_BITS, Front, Prediction, Settle
from sidelight.entropy.network import ACTIVATION_LIMIT, FRACTION_BITS, ExactStack
from sidelight.errors import CheckpointError

_REACH = 2
"""Latents on each side of a position that its context reads: a kernel of 5."""
_STEPS_PER_ROW = _REACH + 1
"""How far a row must be ahead of the next, so that all that the next one reads is there."""


@dataclass(frozen=True, slots=True, eq=False)
class ContextModel:
    """Reads the latents around a position and joins them with the hyper-latent's parameters."""

    masked: ExactStack
    """A masked convolution over the latent."""
    entropy_parameters: ExactStack
    """1x1 convolutions that join what hyper-latent and context say."""

    def __post_init__(self) -> None:
        kernels = [layer.weight.shape[-1] for layer in self.masked.layers]
        if kernels != [2 * _REACH + 1]:
            raise CheckpointError(
                f"the context has kernels {kernels}, expected one of {2 * _REACH + 1}"
            )
        if self.entropy_parameters.reach:
            raise CheckpointError("entropy parameters must read one position each")

    def joined_channels(self, hyper_channels: int, latent_channels: int) -> int:
        """Returns how many parameters come of so many of the hyper-latent's.

        Raises:
            CheckpointError: The parts do not fit each other.
        """
        if self.masked.channels[0] != latent_channels:
            raise CheckpointError(
                f"the context reads {self.masked.channels[0]} channels of a latent that has "
                f"{latent_channels}"
            )
        reads, given = self.entropy_parameters.channels
        joined = hyper_channels + self.masked.channels[1]
        if reads != joined:
            raise CheckpointError(
                f"entropy parameters read {reads} channels, hyper-synthesis and context give "
                f"{joined}"
            )
        return given

    def fronts(self, height: int, width: int) -> Iterator[Front]:
        """Yields positions that do not depend on each other, in the order of coding."""
        for rows, columns in _wavefront(height, width):
            yield Front(rows, columns)

    def run(
        self,
        hyper: np.ndarray,
        latent_channels: int,
        read: Callable[[np.ndarray], Prediction],
        settle: Settle,
    ) -> tuple[np.ndarray, Prediction]:
        """Returns all symbols and what was predicted of them, one front after the other.

        Args:
            hyper: What the hyper-latent says, float64 (b, p, h, w).
            latent_channels: c.
            read: Gives the prediction that parameters (b, p, f) stand for.
            settle: Gives the symbols of a front whose prediction is known.
        """
        batch, _, height, width = hyper.shape
        shape = batch, latent_channels, height, width
        means, y_symbols = np.empty(shape, np.int32), np.empty(shape, np.int32)
        index = np.empty(shape, np.uint8)
        # what is coded, with a border of zeros; the mask keeps the rest of it out of every sum
        coded = np.zeros((batch, height + 2 * _REACH, width + 2 * _REACH, latent_channels))
        windows = sliding_window_view(coded, (2 * _REACH + 1,) * 2, (1, 2))
        for rows, columns in _wavefront(height, width):
            context = self._context(windows[:, rows, columns])
            joined = np.concatenate([hyper[:, :, rows, columns], context], axis=1)
            prediction = read(self.entropy_parameters(joined[:, :, None])[:, :, 0])
            symbols = settle(Front(rows, columns), prediction)
            y_hat = (symbols.astype(np.int64) << MEAN_BITS) + prediction.means
            y_hat = np.clip(
                y_hat << (FRACTION_BITS - MEAN_BITS), -ACTIVATION_LIMIT, ACTIVATION_LIMIT
            )
            coded[:, rows + _REACH, columns + _REACH] = y_hat.transpose(0, 2, 1)
            means[:, :, rows, columns] = prediction.means
            index[:, :, rows, columns] = prediction.index
            y_symbols[:, :, rows, columns] = symbols
        return y_symbols, Prediction(means, index)

    def _context(self, around: np.ndarray) -> np.ndarray:
        """Returns features (b, o, f) of what lies around each position, (b, f, c, k, k)."""
        (layer,) = self.masked.layers
        batch, count, channels, kernel, _ = around.shape
        flat = around.reshape(batch * count, channels, kernel, kernel).transpose(0, 2, 3, 1)
        features = layer(flat, padded=False).reshape(batch, count, -1)
        return features.transpose(0, 2, 1)


def _wavefront(height: int, width: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields rows and columns of positions whose neighbours above and to the left are coded."""
    for step in range(width + _STEPS_PER_ROW * (height - 1)):
        first = max(0, -((width - 1 - step) // _STEPS_PER_ROW))
        rows = np.arange(first, min(height, step // _STEPS_PER_ROW + 1))
        yield rows, step - _STEPS_PER_ROW * rows
