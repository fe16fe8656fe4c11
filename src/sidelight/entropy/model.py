"""The entropy model as files are coded with it: integers in, integers out, tables stored.

Encoder and decoder run this same network, so they agree whatever the machine
(docs/determinism.md). Axes: b batch, c latent channels, n hyper channels, p channels of the
prior's parameters, h and w height and width of a hyper-latent or a latent, s quality steps,
v word pieces, t text.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Self

import numpy as np

from sidelight.bitstream.quality import NUM_QUALITY_STEPS
from sidelight.entropy.context import ContextModel
from sidelight.entropy.latents import MEAN_BITS, WHOLE, Front, Latents, Prediction, Settle
from sidelight.entropy.network import ACTIVATION_LIMIT, FRACTION_BITS, ExactStack
from sidelight.entropy.tables import SymbolTables
from sidelight.errors import CheckpointError
from sidelight.tiling import TileGrid

_TILE = 32
"""Hyper-latents along a tile of the hyper-synthesis."""
_MEAN_UNIT = 2.0 ** (FRACTION_BITS - MEAN_BITS)


class ScaleAndMean:
    """A hyper-synthesis of two stacks over one input: scales, and means in units of 2^-6."""

    def __init__(self, scale: ExactStack, mean: ExactStack) -> None:
        if scale.channels != mean.channels or scale.scale != mean.scale:
            raise CheckpointError(
                f"scale and mean disagree on their channels: {scale.channels}, {mean.channels}"
            )
        self.scale_stack, self.mean_stack = scale, mean
        self.channels = scale.channels[0], 2 * scale.channels[1]
        self.scale, self.reach = scale.scale, max(scale.reach, mean.reach)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Returns scales and means as channels, float64 (b, 2c, h', w') in units of 2^-12."""
        return np.concatenate([self.scale_stack(x), self.mean_stack(x) * _MEAN_UNIT], axis=1)


@dataclass(frozen=True, eq=False)
class EntropyModel:
    """Integer networks, scale thresholds and symbol tables.

    ``h_s`` gives c channels of scales, or 2c of scales and means. With a ``context`` these come
    from what it joins of both.
    """

    h_s: ExactStack | ScaleAndMean
    thresholds: np.ndarray
    """int32 (k,): the largest scale of each latent table, in units of 2^-12."""
    latent_tables: SymbolTables
    """The tables that a prediction's index names."""
    hyper_tables: SymbolTables
    """One table for each channel of the hyper-latent."""
    latent_channels: int
    inverse_gains: np.ndarray | None = None
    """int32 (s, n): what a hyper-latent symbol is multiplied by, in units of 2^-12; else by one."""
    context: ContextModel | None = None
    word_rows: np.ndarray | None = None
    """int32 (v, n): what each word piece of the caption adds to the hyper-latent, in 2^-12."""
    words: np.ndarray | None = None
    """int64 (b, t): the word pieces that ``told`` gave, not kept in a checkpoint."""

    def __post_init__(self) -> None:
        if len(self.thresholds) != len(self.latent_tables):
            raise CheckpointError("one scale threshold is needed for each latent table")
        if (np.diff(self.thresholds.astype(np.int64)) <= 0).any():
            raise CheckpointError("scale thresholds must ascend")
        channels = len(self.hyper_tables)
        if self.h_s.channels[0] != channels:
            raise CheckpointError(
                f"the hyper-synthesis reads {self.h_s.channels[0]} channels, the file has tables "
                f"for {channels}"
            )
        if self.inverse_gains is not None and self.inverse_gains.shape != (
            NUM_QUALITY_STEPS,
            channels,
        ):
            raise CheckpointError(
                f"inverse gains have shape {self.inverse_gains.shape}, "
                f"expected {(NUM_QUALITY_STEPS, channels)}"
            )
        given = self.h_s.channels[1]
        if self.context is not None:
            given = self.context.joined_channels(given, self.latent_channels)
        if given not in (self.latent_channels, 2 * self.latent_channels):
            raise CheckpointError(
                f"the prior has {given} parameters for {self.latent_channels} latent channels, "
                "expected one or two for each"
            )

    def told(self, words: np.ndarray) -> Self:
        """Returns the model for pictures whose captions have these word pieces (b, t)."""
        return dataclasses.replace(self, words=words.astype(np.int64))

    def fronts(self, height: int, width: int) -> Iterator[Front]:
        """Yields the positions of a latent of this size in the order in which they are coded."""
        if self.context is None:
            yield WHOLE
        else:
            yield from self.context.fronts(height, width)

    def predict(self, z_symbols: np.ndarray, step: int) -> Prediction:
        """Returns exact means and table indices for the latents of a quality step.

        Without a context all of them are known at once.
        """
        batch, _, height, width = z_symbols.shape
        shape = batch, self.latent_channels, self.h_s.scale * height, self.h_s.scale * width
        means, index = np.empty(shape, np.int32), np.empty(shape, np.uint8)
        grid = TileGrid(_TILE, self.h_s.reach, Fraction(self.h_s.scale))
        for tile in grid.tiles(height, width):
            parameters = self._parameters(z_symbols[:, :, *tile.source], step)
            part = self.read(parameters[:, :, *tile.inner])
            means[:, :, *tile.target] = part.means
            index[:, :, *tile.target] = part.index
        return Prediction(means, index)

    def latents(self, z_symbols: np.ndarray, step: int, settle: Settle) -> Latents:
        """Returns all integers; ``settle`` is called for one front after the other."""
        if self.context is None:
            prediction = self.predict(z_symbols, step)
            return Latents(z_symbols, settle(WHOLE, prediction), prediction)
        hyper = self._parameters(z_symbols, step)
        y_symbols, prediction = self.context.run(hyper, self.latent_channels, self.read, settle)
        return Latents(z_symbols, y_symbols, prediction)

    def read(self, parameters: np.ndarray) -> Prediction:
        """Returns what parameters in units of 2^-12, float64 (b, p, ...), say of the latents."""
        scales, means = np.split(parameters, [self.latent_channels], axis=1)
        places = np.clip(scales, 0, len(self._table_of) - 1).astype(np.int32)
        index = self._table_of[places]
        if not means.shape[1]:
            return Prediction(np.zeros(scales.shape, np.int32), index)
        return Prediction(np.floor(means / _MEAN_UNIT + 0.5).astype(np.int32), index)

    def information_bits(self, latents: Latents) -> np.ndarray:
        """Returns the ideal bits of y at each latent position (b, h, w), by the stored tables.

        An escaped symbol counts as its escape; the digits that follow are left out.
        """
        return self.latent_tables.bits(latents.y_symbols, latents.prediction.index).sum(1)

    def _parameters(self, z_symbols: np.ndarray, step: int) -> np.ndarray:
        """Returns what the hyper-latent says, float64 (b, p, h', w') in units of 2^-12."""
        z_hat = z_symbols.astype(np.float64)
        z_hat *= (
            2.0**FRACTION_BITS
            if self.inverse_gains is None
            else self.inverse_gains[step].astype(np.float64)[:, None, None]
        )
        if self.word_rows is not None and self.words is not None:
            rows = self.word_rows.astype(np.int64)[self.words].sum(1)
            z_hat += rows.astype(np.float64)[:, :, None, None]
        return self.h_s(z_hat)

    @cached_property
    def _table_of(self) -> np.ndarray:
        """The table of each scale, up to the largest that can be or that has one of its own."""
        largest = min(int(self.thresholds[-1]), ACTIVATION_LIMIT)
        index = np.searchsorted(self.thresholds, np.arange(largest + 1))
        return np.minimum(index, len(self.thresholds) - 1).astype(np.uint8)
