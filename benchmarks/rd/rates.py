"""Rates: the ideal bits of integer latents, and another codec's distortion at a given rate."""

from collections.abc import Sequence

import numpy as np

from sidelight.entropy.tables import SymbolTables
from sidelight.models.frozen import FrozenHyperprior
from sidelight.models.latents import Latents

_COUNT_BITS = np.log2(9)
"""An escaped value is a number of digits, 0 to 8, and then the digits."""
_DIGIT_BITS = 4


def estimated_bits(latents: Latents, frozen: FrozenHyperprior) -> float:
    """Returns the information content of one picture's latents by the stored tables."""
    z_symbols = latents.z_symbols[0].numpy()
    channel = np.broadcast_to(np.arange(len(z_symbols))[:, None, None], z_symbols.shape)
    y_symbols, index = latents.y_symbols[0].numpy(), latents.prediction.index[0].numpy()
    return symbol_bits(z_symbols, channel, frozen.hyper_tables) + symbol_bits(
        y_symbols, index, frozen.latent_tables
    )


def symbol_bits(symbols: np.ndarray, index: np.ndarray, tables: SymbolTables) -> float:
    """Returns the ideal bits of ``symbols``, each by the table that ``index`` names."""
    entry = symbols.astype(np.int64) - tables.first[index]
    escaped = (entry < 0) | (entry >= tables.lengths[index] - 1)
    return float(tables.bits(symbols, index).sum()) + _escape_bits(symbols[escaped])


def _escape_bits(values: np.ndarray) -> float:
    zigzag = np.where(values < 0, -2 * values.astype(np.int64) - 1, 2 * values.astype(np.int64))
    num_digits = [-(-int(z).bit_length() // _DIGIT_BITS) for z in zigzag]
    return float(len(num_digits) * _COUNT_BITS + _DIGIT_BITS * sum(num_digits))


def at_rate(bpp: float, anchors: Sequence[tuple[float, float]]) -> float:
    """Returns a codec's distortion at a rate, linear in log bpp between its (bpp, distortion).

    Outside its rates this is the distortion at the nearest one.
    """
    rates, distortions = zip(*sorted(anchors), strict=True)
    return float(np.interp(np.log(bpp), np.log(rates), distortions))
