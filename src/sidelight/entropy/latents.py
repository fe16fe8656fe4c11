"""The integers that a file carries, and what an entropy model says of them.

Axes: b batch, n hyper channels, c latent channels, h and w height and width of a hyper-latent or
a latent, f latents of a front.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

MEAN_BITS = 6
"""Means are integers in units of 2^-6 of a quantisation step."""
ONE = np.ones((1, 1, 1, 1), np.float32)
"""The factor of what is left as it is."""
_PART = 2**20
"""Latents that are rounded together: a large picture's would take several times their memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What is known of latents before they are coded."""

    means: np.ndarray
    """int32 (b, c, h, w) or (b, c, f), in units of 1/64 of a quantisation step."""
    index: np.ndarray
    """uint8 in the same shape: the symbol table of each latent."""


class Latents(NamedTuple):
    """The integers that a file carries, with what the entropy model predicts of them."""

    z_symbols: np.ndarray
    """int32 (b, n, h, w)."""
    y_symbols: np.ndarray
    """int32 (b, c, 4 h, 4 w): ``round(y - means)``, so that means never reach the coder."""
    prediction: Prediction

    def of(self, picture: int) -> "Latents":
        """Returns the integers of one picture of a batch."""
        one = slice(picture, picture + 1)
        prediction = Prediction(self.prediction.means[one], self.prediction.index[one])
        return Latents(self.z_symbols[one], self.y_symbols[one], prediction)

    def fixed_point(self) -> np.ndarray:
        """Returns y_hat, int32 in units of 1/64 of a quantisation step."""
        return (self.y_symbols << MEAN_BITS) + self.prediction.means

    def fixed_points(self) -> Iterator[np.ndarray]:
        """Yields y_hat channel by channel, (b, 4 h, 4 w)."""
        means = self.prediction.means
        for channel in range(means.shape[1]):
            yield (self.y_symbols[:, channel] << MEAN_BITS) + means[:, channel]

    def dequantised(self, factors: np.ndarray) -> np.ndarray:
        """Returns y_hat in steps times ``factors``, float32 and (1, c, 1, 1) or of one value."""
        factors = np.broadcast_to(factors.reshape(-1), self.y_symbols.shape[1:2])
        y_hat = np.empty(self.y_symbols.shape, np.float32)
        for channel, (fixed, factor) in enumerate(zip(self.fixed_points(), factors, strict=True)):
            y_hat[:, channel] = fixed.astype(np.float32) * np.float32(2.0**-MEAN_BITS) * factor
        return y_hat


class Front(NamedTuple):
    """Positions of the latent that can be coded at once: none depends on another."""

    rows: slice | np.ndarray
    columns: slice | np.ndarray


WHOLE = Front(slice(None), slice(None))
"""All positions, where none depends on another."""

Settle = Callable[[Front, Prediction], np.ndarray]
"""Gives the symbols, int32, of a front whose prediction is known: by rounding, or from a file."""


def round_half_up(values: np.ndarray) -> np.ndarray:
    """Returns int32 ``floor(values + 1/2)``."""
    return np.floor(values + np.float32(0.5)).astype(np.int32)


def by_rounding(y: np.ndarray, gain: np.ndarray = ONE) -> Settle:
    """Returns what settles the latents of an encoder.

    Args:
        y: float32 (b, c, h, w).
        gain: What y is multiplied by, float32 (1, c, 1, 1) or of one value.
    """
    num_channels = y.shape[1]
    gain = np.broadcast_to(gain.reshape(-1), (num_channels,))

    def settle(front: Front, prediction: Prediction) -> np.ndarray:
        symbols = np.empty(prediction.means.shape, np.int32)
        together = max(1, _PART * num_channels // symbols.size)
        for first in range(0, num_channels, together):
            channels = slice(first, first + together)
            means = prediction.means[:, channels].astype(np.float32) * np.float32(2.0**-MEAN_BITS)
            gained = y[:, channels, *front] * gain[channels].reshape(-1, *[1] * (means.ndim - 2))
            symbols[:, channels] = round_half_up(gained - means)
        return symbols

    return settle
