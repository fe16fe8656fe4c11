"""One safetensors file holds a model: float weights, frozen integers, config and provenance.

A carrier generator has no integers: it decides no bits.
"""

import json
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sidelight.card import FORMAT, check_format
from sidelight.config import BaselineConfig, CarrierConfig, model_config
from sidelight.entropy.stored import from_arrays, to_arrays
from sidelight.errors import CheckpointError
from sidelight.models.carrier import CarrierGenerator
from sidelight.models.codec_model import CodecModel
from sidelight.models.exported import ExportedModel
from sidelight.models.exported_baseline import ExportedBaseline
from sidelight.models.exported_carrier import ExportedCarrier
from sidelight.models.registry import build_baseline
from sidelight.pixels.atomic import write_atomically
from sidelight.text.encoder import EncoderIdentity

_FROZEN = "frozen."


Model = TypeVar("Model", bound=ExportedModel | ExportedBaseline | ExportedCarrier)


class Checkpoint(NamedTuple, Generic[Model]):
    """A model with where it comes from."""

    model: Model
    text_encoder: EncoderIdentity
    """What it was trained with."""
    provenance: dict[str, Any]
    """Data, steps, seed, commit, as the training run recorded them."""


CodecCheckpoint = Checkpoint[ExportedModel | ExportedBaseline]
CarrierCheckpoint = Checkpoint[ExportedCarrier]


def save_checkpoint(path: Path, checkpoint: Checkpoint[Any]) -> None:
    """Writes the file through a temporary one; float weights become float16."""
    model = checkpoint.model
    tensors: dict[str, Tensor] = {}
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        small = value.dim() > 1 and "gain" not in name
        tensors[name] = (value.half() if small else value.float()).contiguous()
    if not isinstance(model, ExportedCarrier):
        for name, array in to_arrays(model.frozen).items():
            tensors[_FROZEN + name] = torch.from_numpy(array).contiguous()
    metadata = {
        "format": FORMAT,
        "config": json.dumps(model.config.to_dict()),
        "text_encoder": checkpoint.text_encoder.name,
        "text_fingerprint": checkpoint.text_encoder.fingerprint,
        "provenance": json.dumps(checkpoint.provenance),
    }
    write_atomically(path, save(tensors, metadata))


def load_checkpoint(path: Path) -> Checkpoint[Any]:
    """Rebuilds the model from the file alone.

    Raises:
        CheckpointError: The file is missing, of another format, or incomplete.
    """
    metadata, tensors = _read(path)
    check_format(path, metadata)
    try:
        frozen = {
            name.removeprefix(_FROZEN): value.numpy()
            for name, value in tensors.items()
            if name.startswith(_FROZEN)
        }
        with torch.random.fork_rng(devices=[]):  # the caller's random numbers are not ours
            model = _build(json.loads(metadata["config"]), frozen)
        weights = {k: v.float() for k, v in tensors.items() if not k.startswith(_FROZEN)}
        missing, unexpected = model.load_state_dict(weights, strict=False)
        missing = [name for name in missing if not name.endswith("num_batches_tracked")]
        if missing or unexpected:
            raise CheckpointError(f"{path}: missing {missing[:3]}, unexpected {unexpected[:3]}")
        text_encoder = EncoderIdentity(metadata["text_encoder"], metadata["text_fingerprint"])
        return Checkpoint(model, text_encoder, json.loads(metadata["provenance"]))
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} is not a complete model: {error}") from None


def _build(
    table: dict[str, Any], integers: dict[str, np.ndarray]
) -> ExportedModel | ExportedBaseline | ExportedCarrier:
    """Returns the model of a config, with its integers and without its weights."""
    config = model_config(table)
    if isinstance(config, CarrierConfig):
        return ExportedCarrier(CarrierGenerator(config))
    frozen = from_arrays(integers)
    channels = config.hyper_channels, config.latent_channels
    if (found := (len(frozen.hyper_tables), frozen.latent_channels)) != channels:
        raise CheckpointError(
            f"the frozen entropy model has {found} channels, the config {channels}"
        )
    if isinstance(config, BaselineConfig):
        return ExportedBaseline(build_baseline(config), frozen)
    return ExportedModel(CodecModel(config), frozen)


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {
                name: file.get_tensor(name) for name in sorted(file.keys())
            }
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot read {path}: {error}") from None
