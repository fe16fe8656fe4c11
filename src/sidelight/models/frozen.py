"""The hyperprior as files are coded with it: integers in, integers out, tables stored.

Encoder and decoder run this same network, so they agree whatever the machine
(docs/determinism.md). Axes: b batch, c latent channels, n hyper channels, h and w hyper-latent
height and width, s quality steps.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from jaxtyping import Int32, UInt8
from torch import Tensor, nn

from sidelight.config import NUM_QUALITY_STEPS, step_to_quality
from sidelight.entropy.tables import SymbolTables, gaussian_tables, trim_tails
from sidelight.errors import CheckpointError
from sidelight.models.codec_model import CodecModel
from sidelight.models.prior import MIN_SCALE, FactorizedPrior
from sidelight.nn.exact import FRACTION_BITS, ExactLayer, ExactStack
from sidelight.nn.tiles import TileGrid, run_in_tiles

MEAN_BITS = 6
"""Means are integers in units of 2^-6 of a quantisation step."""
FINGERPRINT_BYTES = 8
_NUM_SCALES, _MAX_SCALE = 64, 128.0
_TABLE_REACH = 512
_GRID = TileGrid(side=32, halo=4, scale=Fraction(4))


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the hyper-latent says about the latent, whose height and width are h and w here."""

    means: Int32[Tensor, "b c h w"]
    """In units of 1/64 of a quantisation step."""
    index: UInt8[Tensor, "b c h w"]
    """The symbol table of each latent."""


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
        if len(self.thresholds) != len(self.latent_tables):
            raise CheckpointError("one scale threshold is needed for each latent table")
        if (self.thresholds.diff() <= 0).any():
            raise CheckpointError("scale thresholds must ascend")
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
        thresholds = self.thresholds.double()

        def network(symbols: Tensor) -> tuple[Tensor, ...]:
            z_hat = symbols.double() * gains
            means = self.mean_synthesis(z_hat).to(torch.int32)
            scales = self.scale_synthesis(z_hat)
            index = torch.bucketize(scales.contiguous(), thresholds).clamp_max_(len(thresholds) - 1)
            return means, index.to(torch.uint8)

        return Prediction(*run_in_tiles(network, z_symbols, _GRID))

    def to_tensors(self) -> dict[str, Tensor]:
        """Returns everything by name, for a checkpoint."""
        tensors = {"inverse_gains": self.inverse_gains, "thresholds": self.thresholds}
        for name, stack in (("mean", self.mean_synthesis), ("scale", self.scale_synthesis)):
            for k, layer in enumerate(stack.layers):
                tensors[f"{name}.{k}.weight"] = layer.weight
                tensors[f"{name}.{k}.bias"] = layer.bias
                tensors[f"{name}.{k}.shift"] = torch.tensor(layer.shift, dtype=torch.int32)
        for name, tables in (("latent", self.latent_tables), ("hyper", self.hyper_tables)):
            # torch has few operations on uint32; the frequencies fit in int32
            tensors[f"{name}_tables.frequencies"] = torch.from_numpy(
                tables.frequencies.astype(np.int32)
            )
            tensors[f"{name}_tables.lengths"] = torch.from_numpy(tables.lengths)
            tensors[f"{name}_tables.first"] = torch.from_numpy(tables.first)
        return tensors

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
                latent_tables=_read_tables(tensors, "latent"),
                hyper_tables=_read_tables(tensors, "hyper"),
            )
        except KeyError as error:
            raise CheckpointError(f"tensor {error} is missing") from None

    def fingerprint(self) -> bytes:
        """Returns the first 8 bytes of a SHA-256 over all that decoding the latents depends on."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.to_tensors().items()):
            values = tensor.to(torch.int64).numpy().astype("<i8")
            digest.update(f"{name} {values.shape}\n".encode())
            digest.update(values.tobytes())
        return digest.digest()[:FINGERPRINT_BYTES]


def _read_stack(tensors: Mapping[str, Tensor], name: str) -> ExactStack:
    # two transposed convolutions and a plain one, as Hyperprior builds them
    return ExactStack(
        [
            ExactLayer(
                weight=tensors[f"{name}.{k}.weight"],
                bias=tensors[f"{name}.{k}.bias"],
                shift=int(tensors[f"{name}.{k}.shift"]),
                transposed=k < 2,
            )
            for k in range(3)
        ]
    )


def _read_tables(tensors: Mapping[str, Tensor], name: str) -> SymbolTables:
    return SymbolTables(
        frequencies=tensors[f"{name}_tables.frequencies"].numpy().astype(np.uint32),
        lengths=tensors[f"{name}_tables.lengths"].numpy(),
        first=tensors[f"{name}_tables.first"].numpy(),
    )


def freeze(model: CodecModel) -> FrozenHyperprior:
    """Turns the float hyperprior into integers and tables.

    Raises:
        CheckpointError: A sum could leave the range in which float64 is exact.
    """
    largest = np.exp(np.linspace(math.log(MIN_SCALE), math.log(_MAX_SCALE), _NUM_SCALES))
    # a bin's table is built for its geometric middle; the first holds the smallest scale only
    typical = np.append(largest[:1], np.sqrt(largest[:-1] * largest[1:]))
    positions = torch.tensor(
        [model.config.level_position(step_to_quality(step)) for step in range(NUM_QUALITY_STEPS)]
    )
    with torch.no_grad():
        inverse = model.hyper_gain.inverse(positions)[:, :, 0, 0].double()
    return FrozenHyperprior(
        mean_synthesis=_freeze_stack(model.hyperprior.mean_synthesis, MEAN_BITS),
        scale_synthesis=_freeze_stack(model.hyperprior.scale_synthesis, FRACTION_BITS),
        inverse_gains=torch.round(inverse * 2**FRACTION_BITS).to(torch.int32),
        thresholds=torch.from_numpy(np.floor(largest * 2**FRACTION_BITS).astype(np.int32)),
        latent_tables=gaussian_tables(typical.tolist()),
        hyper_tables=_hyper_tables(model.hyperprior.prior),
    )


def _freeze_stack(network: nn.Sequential, output_fraction_bits: int) -> ExactStack:
    convs = [layer for layer in network if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    *inner, last = convs
    return ExactStack(
        [
            *(ExactLayer.from_float(conv) for conv in inner),
            ExactLayer.from_float(last, output_fraction_bits=output_fraction_bits),
        ]
    )


@torch.no_grad()
def _hyper_tables(prior: FactorizedPrior) -> SymbolTables:
    values = torch.arange(-_TABLE_REACH, _TABLE_REACH + 1, dtype=torch.float64)
    channels = len(prior.matrices[0])
    grid = values.expand(channels, -1)[None, :, None, :]
    masses = prior.double()(grid)[0, :, 0].numpy()
    prior.float()
    trimmed = [trim_tails(mass, -_TABLE_REACH) for mass in masses]
    return SymbolTables.from_masses([mass for mass, _ in trimmed], [first for _, first in trimmed])
