"""The hyperprior as files are coded with it: integers in, integers out, tables stored.

Encoder and decoder run this same network, so they agree whatever the machine
(docs/determinism.md). Axes: b batch, c latent channels, n hyper channels, h and w hyper-latent
height and width, s quality steps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch
from jaxtyping import Int32
from torch import Tensor

from sidelight.config import NUM_QUALITY_STEPS, step_to_quality
from sidelight.entropy.tables import SymbolTables
from sidelight.errors import CheckpointError
from sidelight.models.codec_model import CodecModel
from sidelight.models.frozen_tables import (
    check_thresholds,
    fingerprint,
    hyper_tables,
    scale_tables,
    table_index,
    tables_from_tensors,
    tables_to_tensors,
)
from sidelight.models.latents import MEAN_BITS, WHOLE, Front, Latents, Prediction, Settle
from sidelight.nn.exact import FRACTION_BITS, LINEAR, RELU, ExactLayer, ExactStack
from sidelight.nn.tiles import TileGrid, run_in_tiles

_GRID = TileGrid(side=32, halo=4, scale=Fraction(4))


@dataclass(frozen=True)
class FrozenHyperprior:
    """Integer hyper-syntheses, inverse gains, scale thresholds and symbol tables."""

    mean_synthesis: ExactStack
    scale_synthesis: ExactStack
    inverse_gains: Tensor
    """int32 (s, n): what a hyper-latent symbol is multiplied by, in units of 2^-12."""
    thresholds: Tensor
    """int32 (64,): the largest scale of each latent table, in units of 2^-12."""
    latent_tables: SymbolTables
    hyper_tables: SymbolTables

    def __post_init__(self) -> None:
        check_thresholds(self.thresholds, self.latent_tables)
        if self.inverse_gains.shape != (NUM_QUALITY_STEPS, len(self.hyper_tables)):
            raise CheckpointError(
                f"inverse gains have shape {tuple(self.inverse_gains.shape)}, "
                f"expected {(NUM_QUALITY_STEPS, len(self.hyper_tables))}"
            )
        channels = self.mean_synthesis.channels
        if self.scale_synthesis.channels != channels or channels[0] != len(self.hyper_tables):
            raise CheckpointError(
                f"mean, scale and hyper tables disagree on their channels: {channels}, "
                f"{self.scale_synthesis.channels}, {len(self.hyper_tables)}"
            )

    @torch.inference_mode()
    def predict(self, z_symbols: Int32[Tensor, "b n h w"], step: int) -> Prediction:
        """Returns exact means and table indices for the latents of a quality step."""
        gains = self.inverse_gains[step].double()[:, None, None]

        def network(symbols: Tensor) -> tuple[Tensor, ...]:
            z_hat = symbols.double() * gains
            means = self.mean_synthesis(z_hat).to(torch.int32)
            return means, table_index(self.scale_synthesis(z_hat), self.thresholds)

        return Prediction(*run_in_tiles(network, z_symbols, _GRID))

    def fronts(self, height: int, width: int) -> Iterator[Front]:  # noqa: ARG002
        """Yields the whole latent: means and scales are known before any of it."""
        yield WHOLE

    def latents(self, z_symbols: Int32[Tensor, "b n h w"], step: int, settle: Settle) -> Latents:
        """Returns all integers of a quality step; ``settle`` is called once."""
        prediction = self.predict(z_symbols, step)
        return Latents(z_symbols, settle(WHOLE, prediction), prediction)

    def to_tensors(self) -> dict[str, Tensor]:
        """Returns everything by name, for a checkpoint."""
        tensors = {"inverse_gains": self.inverse_gains, "thresholds": self.thresholds}
        for name, stack in (("mean", self.mean_synthesis), ("scale", self.scale_synthesis)):
            for k, layer in enumerate(stack.layers):
                tensors[f"{name}.{k}.weight"] = layer.weight
                tensors[f"{name}.{k}.bias"] = layer.bias
                tensors[f"{name}.{k}.shift"] = torch.tensor(layer.shift, dtype=torch.int32)
        return (
            tensors
            | tables_to_tensors("latent", self.latent_tables)
            | tables_to_tensors("hyper", self.hyper_tables)
        )

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "FrozenHyperprior":
        """Rebuilds what ``to_tensors`` gave.

        Raises:
            CheckpointError: A tensor is missing, or a table or bound does not hold.
        """
        try:
            return cls(
                mean_synthesis=_read_stack(tensors, "mean"),
                scale_synthesis=_read_stack(tensors, "scale"),
                inverse_gains=tensors["inverse_gains"],
                thresholds=tensors["thresholds"],
                latent_tables=tables_from_tensors("latent", tensors),
                hyper_tables=tables_from_tensors("hyper", tensors),
            )
        except KeyError as error:
            raise CheckpointError(f"tensor {error} is missing") from None

    def fingerprint(self) -> bytes:
        """Returns the first 8 bytes of a SHA-256 over all that decoding the latents depends on."""
        return fingerprint(self.to_tensors())


def _read_stack(tensors: Mapping[str, Tensor], name: str) -> ExactStack:
    # two transposed convolutions and a plain one, as Hyperprior builds them
    return ExactStack(
        [
            ExactLayer(
                weight=tensors[f"{name}.{k}.weight"],
                bias=tensors[f"{name}.{k}.bias"],
                shift=int(tensors[f"{name}.{k}.shift"]),
                transposed=k < 2,
                negative_slope=RELU if k < 2 else LINEAR,
            )
            for k in range(3)
        ]
    )


def freeze(model: CodecModel) -> FrozenHyperprior:
    """Turns the float hyperprior into integers and tables.

    Raises:
        CheckpointError: A sum could leave the range in which float64 is exact.
    """
    thresholds, latent_tables = scale_tables()
    positions = torch.tensor(
        [model.config.level_position(step_to_quality(step)) for step in range(NUM_QUALITY_STEPS)]
    )
    with torch.no_grad():
        inverse = model.hyper_gain.inverse(positions)[:, :, 0, 0].double()
    return FrozenHyperprior(
        mean_synthesis=ExactStack.from_float(
            model.hyperprior.mean_synthesis, output_fraction_bits=MEAN_BITS
        ),
        scale_synthesis=ExactStack.from_float(model.hyperprior.scale_synthesis),
        inverse_gains=torch.round(inverse * 2**FRACTION_BITS).to(torch.int32),
        thresholds=thresholds,
        latent_tables=latent_tables,
        hyper_tables=hyper_tables(model.hyperprior.prior),
    )
