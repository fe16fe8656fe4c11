"""The entropy model of another learned codec as its files are coded with it: in integers.

Hyper-synthesis, context and entropy parameters are exact integer networks like our hyperprior's
(docs/determinism.md), so these files too decode to the same latents on every machine. With a
context model a latent depends on its neighbours above and to the left; a wavefront then codes all
positions at once that do not depend on each other, w + 3 h steps for a latent of h by w.
Axes: b batch, n hyper channels, c latent channels, p channels of the prior's parameters,
h and w latent height and width, v word pieces, t text.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int32
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.entropy.tables import SymbolTables
from sidelight.errors import CheckpointError
from sidelight.models.baseline import BaselineModel
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
from sidelight.nn.exact import ACTIVATION_LIMIT, FRACTION_BITS, LINEAR, ExactLayer, ExactStack

_REACH = 2
"""Latents on each side of a position that its context reads: a kernel of 5."""
_STEPS_PER_ROW = _REACH + 1
"""How far a row must be ahead of the next, so that all that the next one reads is there."""
_MEAN_UNIT = 2.0 ** (FRACTION_BITS - MEAN_BITS)


@dataclass(frozen=True)
class FrozenBaseline:
    """Integer networks, scale thresholds and symbol tables of a ``BaselineModel``."""

    h_s: ExactStack
    thresholds: Tensor
    """int32 (64,): the largest scale of each latent table, in units of 2^-12."""
    latent_tables: SymbolTables
    hyper_tables: SymbolTables
    latent_channels: int
    context: ExactStack | None = None
    """A masked convolution over the latent."""
    entropy_parameters: ExactStack | None = None
    """Joins what hyper-latent and context say."""
    word_rows: Tensor | None = None
    """int32 (v, n): what each word piece of the caption adds to the hyper-latent, in 2^-12."""
    words: Tensor | None = None
    """int64 (b, t): the word pieces that ``told`` gave, not kept in a checkpoint."""

    def __post_init__(self) -> None:
        check_thresholds(self.thresholds, self.latent_tables)
        if self.h_s.channels[0] != len(self.hyper_tables):
            raise CheckpointError(
                f"the hyper-synthesis reads {self.h_s.channels[0]} channels, the file has tables "
                f"for {len(self.hyper_tables)}"
            )
        if (self.context is None) != (self.entropy_parameters is None):
            raise CheckpointError("context and entropy parameters need each other")
        given = self.h_s.channels[1]
        if self.context is not None and self.entropy_parameters is not None:
            if self.context.channels[0] != self.latent_channels:
                raise CheckpointError(
                    f"the context reads {self.context.channels[0]} channels of a latent that has "
                    f"{self.latent_channels}"
                )
            reads, given = self.entropy_parameters.channels
            joined = self.h_s.channels[1] + self.context.channels[1]
            if reads != joined:
                raise CheckpointError(
                    f"entropy parameters read {reads} channels, hyper-synthesis and context give "
                    f"{joined}"
                )
        if given not in (self.latent_channels, 2 * self.latent_channels):
            raise CheckpointError(
                f"the prior has {given} parameters for {self.latent_channels} latent channels, "
                "expected one or two for each"
            )

    def told(self, text: Float[Tensor, "b t"]) -> "FrozenBaseline":
        """Returns the model for pictures whose captions have these word pieces."""
        return dataclasses.replace(self, words=text.long())

    def fronts(self, height: int, width: int) -> Iterator[Front]:
        """Yields positions that do not depend on each other, in the order of coding."""
        if self.context is None:
            yield WHOLE
        else:
            for rows, columns in _wavefront(height, width):
                yield Front(rows, columns)

    @torch.inference_mode()
    def latents(
        self,
        z_symbols: Int32[Tensor, "b n h w"],
        step: int,  # noqa: ARG002
        settle: Settle,
    ) -> Latents:
        """Returns all integers; ``settle`` is called for one front after the other."""
        hyper = self.h_s(z_symbols.double() * 2**FRACTION_BITS + self._word_offset())
        if self.context is None or self.entropy_parameters is None:
            prediction = self._prediction(hyper)
            return Latents(z_symbols, settle(WHOLE, prediction), prediction)
        (masked,) = self.context.layers
        batch, _, height, width = hyper.shape
        shape = batch, self.latent_channels, height, width
        means, y_symbols = (torch.empty(shape, dtype=torch.int32) for _ in range(2))
        index = torch.empty(shape, dtype=torch.uint8)
        # what is coded, with a border of zeros; the mask keeps the rest of it out of every sum
        coded = F.pad(torch.zeros(shape, dtype=torch.float64), [_REACH] * 4)
        windows = coded.unfold(2, 2 * _REACH + 1, 1).unfold(3, 2 * _REACH + 1, 1)
        for rows, columns in _wavefront(height, width):
            around = windows[:, :, rows, columns].transpose(1, 2).flatten(0, 1)
            context = masked(around, padded=False).unflatten(0, (batch, -1))[..., 0, 0]
            joined = torch.cat([hyper[:, :, rows, columns], context.transpose(1, 2)], dim=1)
            parameters = self.entropy_parameters(joined[:, :, None])[:, :, 0]
            prediction = self._prediction(parameters)
            symbols = settle(Front(rows, columns), prediction)
            y_hat = (symbols.double() * 2**MEAN_BITS + prediction.means) * _MEAN_UNIT
            coded[:, :, rows + _REACH, columns + _REACH] = y_hat.clamp_(
                -ACTIVATION_LIMIT, ACTIVATION_LIMIT
            )
            means[:, :, rows, columns] = prediction.means
            index[:, :, rows, columns] = prediction.index
            y_symbols[:, :, rows, columns] = symbols
        return Latents(z_symbols, y_symbols, Prediction(means, index))

    def _word_offset(self) -> Tensor | float:
        if self.word_rows is None or self.words is None:
            return 0.0
        return self.word_rows[self.words].long().sum(1).double()[:, :, None, None]

    def _prediction(self, parameters: Float64[Tensor, "b p *front"]) -> Prediction:
        if parameters.shape[1] == self.latent_channels:
            scales, means = parameters, torch.zeros_like(parameters)
        else:
            scales, means = parameters.chunk(2, dim=1)
        rounded = torch.floor(means / _MEAN_UNIT + 0.5).to(torch.int32)
        return Prediction(rounded, table_index(scales, self.thresholds))

    def to_tensors(self) -> dict[str, Tensor]:
        """Returns everything by name, for a checkpoint."""
        tensors = {
            "thresholds": self.thresholds,
            "latent_channels": torch.tensor(self.latent_channels, dtype=torch.int32),
        }
        for name in _STACKS:
            if (stack := getattr(self, name)) is not None:
                tensors |= _stack_to_tensors(name, stack)
        if self.word_rows is not None:
            tensors["word_rows"] = self.word_rows
        return (
            tensors
            | tables_to_tensors("latent", self.latent_tables)
            | tables_to_tensors("hyper", self.hyper_tables)
        )

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "FrozenBaseline":
        """Rebuilds what ``to_tensors`` gave.

        Raises:
            CheckpointError: A tensor is missing, or a table or bound does not hold.
        """
        try:
            stacks = {name: _stack_from_tensors(name, tensors) for name in _STACKS}
            if stacks["h_s"] is None:
                raise CheckpointError("the hyper-synthesis is missing")
            return cls(
                h_s=stacks["h_s"],
                thresholds=tensors["thresholds"],
                latent_tables=tables_from_tensors("latent", tensors),
                hyper_tables=tables_from_tensors("hyper", tensors),
                latent_channels=int(tensors["latent_channels"]),
                context=stacks["context"],
                entropy_parameters=stacks["entropy_parameters"],
                word_rows=tensors.get("word_rows"),
            )
        except KeyError as error:
            raise CheckpointError(f"tensor {error} is missing") from None

    def fingerprint(self) -> bytes:
        """Returns 8 bytes that stand for all that decoding the latents depends on."""
        return fingerprint(self.to_tensors())


def _wavefront(height: int, width: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields rows and columns of positions whose neighbours above and to the left are coded."""
    step = torch.arange(width) + _STEPS_PER_ROW * torch.arange(height)[:, None]
    for k in range(int(step.max()) + 1):
        rows, columns = torch.nonzero(step == k, as_tuple=True)
        yield rows, columns


_STACKS = ("h_s", "context", "entropy_parameters")


def _stack_to_tensors(name: str, stack: ExactStack) -> dict[str, Tensor]:
    tensors = {}
    for k, layer in enumerate(stack.layers):
        tensors[f"{name}.{k}.weight"] = layer.weight
        tensors[f"{name}.{k}.bias"] = layer.bias
        layout = layer.shift, layer.transposed, layer.negative_slope, layer.upscale
        tensors[f"{name}.{k}.layout"] = torch.tensor(layout, dtype=torch.int32)
    return tensors


def _stack_from_tensors(name: str, tensors: Mapping[str, Tensor]) -> ExactStack | None:
    layers: list[ExactLayer] = []
    while (weight := tensors.get(f"{name}.{len(layers)}.weight")) is not None:
        k = len(layers)
        shift, transposed, negative_slope, upscale = tensors[f"{name}.{k}.layout"].tolist()
        if not 0 <= negative_slope <= LINEAR or upscale < 1:
            raise CheckpointError(
                f"{name}, layer {k}: slope {negative_slope} and upscale {upscale}, expected 0 to "
                f"{LINEAR} and at least 1"
            )
        layers.append(
            ExactLayer(
                weight=weight,
                bias=tensors[f"{name}.{k}.bias"],
                shift=shift,
                transposed=bool(transposed),
                negative_slope=negative_slope,
                upscale=upscale,
            )
        )
    return ExactStack(layers) if layers else None


@torch.no_grad()
def freeze_baseline(model: BaselineModel) -> FrozenBaseline:
    """Turns a model's entropy model into integers and tables.

    Raises:
        CheckpointError: A sum could leave the range in which float64 is exact.
    """
    thresholds, latent_tables = scale_tables()
    context = entropy_parameters = word_rows = None
    if model.context is not None and model.entropy_parameters is not None:
        context = ExactStack.from_float(nn.Sequential(model.context))
        entropy_parameters = ExactStack.from_float(model.entropy_parameters)
    if model.word_rows is not None:
        unit = 2**FRACTION_BITS
        word_rows = torch.round(model.word_rows.weight.double() * unit).to(torch.int32)
    return FrozenBaseline(
        h_s=ExactStack.from_float(model.h_s),
        thresholds=thresholds,
        latent_tables=latent_tables,
        hyper_tables=hyper_tables(model.prior),
        latent_channels=model.config.latent_channels,
        context=context,
        entropy_parameters=entropy_parameters,
        word_rows=word_rows,
    )
