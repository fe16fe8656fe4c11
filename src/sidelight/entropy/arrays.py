"""An entropy model as the named integer arrays of a checkpoint, and back.

A stack's layers are ``NAME.k.weight``, ``.bias`` and ``.layout``: shift, whether transposed,
negative slope, upscale. The stacks ``mean`` and ``scale`` are older: two transposed convolutions
with ReLUs and a plain one, of which only ``.shift`` is stored.
"""

import hashlib
from collections.abc import Mapping

import numpy as np

from sidelight.entropy.context import ContextModel
from sidelight.entropy.model import EntropyModel, ScaleAndMean
from sidelight.entropy.network import LINEAR, RELU, ExactLayer, ExactStack
from sidelight.entropy.tables import SymbolTables
from sidelight.errors import CheckpointError

FINGERPRINT_BYTES = 8
Arrays = dict[str, np.ndarray]


def to_arrays(model: EntropyModel) -> Arrays:
    """Returns everything by name, for a checkpoint."""
    arrays: Arrays = {"thresholds": model.thresholds}
    if isinstance(model.h_s, ScaleAndMean):
        arrays |= _scale_and_mean_to_arrays(model.h_s)
    else:
        arrays["latent_channels"] = np.array(model.latent_channels, np.int32)
        arrays |= _stack_to_arrays("h_s", model.h_s)
    if model.context is not None:
        arrays |= _stack_to_arrays("context", model.context.masked)
        arrays |= _stack_to_arrays("entropy_parameters", model.context.entropy_parameters)
    if model.inverse_gains is not None:
        arrays["inverse_gains"] = model.inverse_gains
    if model.word_rows is not None:
        arrays["word_rows"] = model.word_rows
    for name, tables in (("latent", model.latent_tables), ("hyper", model.hyper_tables)):
        arrays[f"{name}_tables.frequencies"] = tables.frequencies.astype(np.int32)
        arrays[f"{name}_tables.lengths"] = tables.lengths
        arrays[f"{name}_tables.first"] = tables.first
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray]) -> EntropyModel:
    """Rebuilds what ``to_arrays`` gave.

    Raises:
        CheckpointError: An array is missing, or a table or bound does not hold.
    """
    try:
        return _read(arrays)
    except KeyError as error:
        raise CheckpointError(f"tensor {error} is missing") from None


def fingerprint(model: EntropyModel) -> bytes:
    """Returns the first 8 bytes of a SHA-256 over all that decoding the latents depends on."""
    digest = hashlib.sha256()
    for name, array in sorted(to_arrays(model).items()):
        digest.update(f"{name} {array.shape}\n".encode())
        digest.update(array.astype("<i8").tobytes())
    return digest.digest()[:FINGERPRINT_BYTES]


def _read(arrays: Mapping[str, np.ndarray]) -> EntropyModel:
    floats = [name for name, array in arrays.items() if array.dtype.kind not in "iu"]
    if floats:
        raise CheckpointError(f"{floats[0]} has {arrays[floats[0]].dtype}, expected integers")
    h_s = _read_stack("h_s", arrays) or _read_scale_and_mean(arrays)
    context, joining = (_read_stack(name, arrays) for name in ("context", "entropy_parameters"))
    if (context is None) != (joining is None):
        raise CheckpointError("context and entropy parameters need each other")
    return EntropyModel(
        h_s=h_s,
        thresholds=arrays["thresholds"],
        latent_tables=_read_tables("latent", arrays),
        hyper_tables=_read_tables("hyper", arrays),
        latent_channels=(
            h_s.channels[1] // 2
            if isinstance(h_s, ScaleAndMean)
            else int(arrays["latent_channels"])
        ),
        inverse_gains=(
            arrays["inverse_gains"]
            if isinstance(h_s, ScaleAndMean)
            else arrays.get("inverse_gains")
        ),
        context=None if context is None or joining is None else ContextModel(context, joining),
        word_rows=arrays.get("word_rows"),
    )


def _stack_to_arrays(name: str, stack: ExactStack) -> Arrays:
    arrays = {}
    for k, layer in enumerate(stack.layers):
        arrays[f"{name}.{k}.weight"], arrays[f"{name}.{k}.bias"] = layer.weight, layer.bias
        layout = layer.shift, layer.transposed, layer.negative_slope, layer.upscale
        arrays[f"{name}.{k}.layout"] = np.array(layout, np.int32)
    return arrays


def _read_stack(name: str, arrays: Mapping[str, np.ndarray]) -> ExactStack | None:
    layers: list[ExactLayer] = []
    while (weight := arrays.get(f"{name}.{len(layers)}.weight")) is not None:
        k = len(layers)
        bias = arrays[f"{name}.{k}.bias"]
        shift, transposed, slope, upscale = arrays[f"{name}.{k}.layout"].tolist()
        layers.append(ExactLayer(weight, bias, shift, bool(transposed), slope, upscale))
    return ExactStack(layers) if layers else None


def _scale_and_mean_to_arrays(h_s: ScaleAndMean) -> Arrays:
    arrays = {}
    for name, stack in (("mean", h_s.mean_stack), ("scale", h_s.scale_stack)):
        for k, layer in enumerate(stack.layers):
            arrays[f"{name}.{k}.weight"], arrays[f"{name}.{k}.bias"] = layer.weight, layer.bias
            arrays[f"{name}.{k}.shift"] = np.array(layer.shift, np.int32)
    return arrays


def _read_scale_and_mean(arrays: Mapping[str, np.ndarray]) -> ScaleAndMean:
    if not any(name.startswith("mean.") for name in arrays):
        raise CheckpointError("the hyper-synthesis is missing")
    mean, scale = (
        ExactStack(
            [
                ExactLayer(
                    weight=arrays[f"{name}.{k}.weight"],
                    bias=arrays[f"{name}.{k}.bias"],
                    shift=int(arrays[f"{name}.{k}.shift"]),
                    transposed=k < 2,
                    negative_slope=RELU if k < 2 else LINEAR,
                )
                for k in range(3)
            ]
        )
        for name in ("mean", "scale")
    )
    return ScaleAndMean(scale, mean)


def _read_tables(name: str, arrays: Mapping[str, np.ndarray]) -> SymbolTables:
    return SymbolTables(
        frequencies=arrays[f"{name}_tables.frequencies"].astype(np.uint32),
        lengths=arrays[f"{name}_tables.lengths"],
        first=arrays[f"{name}_tables.first"],
    )
