"""One safetensors file holds a model: float weights, frozen integers, config and provenance.

A carrier generator has no integers: it decides no bits. The file carries its own checksum
(``runtime/sealing.py``); before a model is built, its config is compared with the tensors there.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from sidelight.codec.card import FORMAT, check_format
from sidelight.codec.stored import FROZEN, Checkpoint, is_weight, read_integers
from sidelight.errors import CheckpointError, ConfigError, is_out_of_memory
from sidelight.files import write_atomically
from sidelight.models.config import ModelConfig, model_config
from sidelight.models.exported import ExportedModel
from sidelight.models.older import current_names
from sidelight.models.registry import build_model, exported
from sidelight.nn.caller import own_settings, survive_fork
from sidelight.runtime.sealing import sealed
from sidelight.runtime.weight_file import WeightFile
from sidelight.text.encoder import EncoderIdentity

_NOT_KEPT = "num_batches_tracked"


def save_checkpoint(path: Path, checkpoint: Checkpoint[Any]) -> None:
    """Writes the file through a temporary one; float weights become float16."""
    model = checkpoint.model
    tensors: dict[str, Tensor] = {}
    for name, value in model.state_dict().items():
        if name.endswith(_NOT_KEPT):
            continue
        small = value.dim() > 1 and "gain" not in name
        tensors[name] = (value.half() if small else value.float()).contiguous()
    for name, array in model.integers().items():
        tensors[FROZEN + name] = torch.from_numpy(array).contiguous()
    metadata = {
        "format": FORMAT,
        "config": json.dumps(model.config.to_dict()),
        "text_encoder": checkpoint.text_encoder.name,
        "text_fingerprint": checkpoint.text_encoder.fingerprint,
        "provenance": json.dumps(checkpoint.provenance),
    }
    write_atomically(path, save(tensors, sealed(metadata, save(tensors, metadata))))


@own_settings()
def load_checkpoint(path: Path) -> Checkpoint[Any]:
    """Rebuilds the model from the file alone.

    Raises:
        CheckpointError: The file is missing, damaged, of another format, or incomplete.
    """
    survive_fork()
    metadata, tensors = WeightFile.read(path)
    check_format(path, metadata)
    try:
        config = model_config(json.loads(metadata["config"]))
        weights = current_names(
            {k: torch.tensor(v, dtype=torch.float32) for k, v in tensors.items() if is_weight(k)}
        )
        integers = read_integers(config, tensors)
        _check_blocks(config, weights)
        with torch.device("meta"):  # takes no memory, whatever widths the config claims
            _check_shapes(exported(build_model(config), integers).state_dict(), weights)
        with torch.random.fork_rng(devices=[]):  # the caller's random numbers are not ours
            model = exported(build_model(config), integers).float()
        model.load_state_dict(weights, strict=False)
        text_encoder = EncoderIdentity(metadata["text_encoder"], metadata["text_fingerprint"])
        return Checkpoint(model, text_encoder, json.loads(metadata["provenance"]))
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} is not a complete model: {error}") from None


def move(model: ExportedModel, device: str) -> None:
    """Makes a model compute on another device.

    Raises:
        ConfigError: torch knows or sees no such device.
    """
    with computing_on(device):
        model.to(torch.device(device))


@contextmanager
def computing_on(device: str) -> Iterator[None]:
    """Says what is wrong with a device that torch cannot compute on.

    Raises:
        ConfigError: torch knows or sees no such device.
    """
    try:
        yield
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        reason = str(error).splitlines()[0]
        raise ConfigError(f"torch cannot compute on device {device!r}: {reason}") from None


def _check_blocks(config: ModelConfig, weights: Mapping[str, Tensor]) -> None:
    """Refuses more blocks than there are tensors: each takes time and memory to build."""
    if config.num_blocks > len(weights):
        raise CheckpointError(
            f"the config has {config.num_blocks} residual blocks, the file {len(weights)} tensors"
        )


def _check_shapes(wanted: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
    missing = [k for k in wanted if k not in weights and not k.endswith(_NOT_KEPT)]
    unexpected = [k for k in weights if k not in wanted]
    if missing or unexpected:
        raise CheckpointError(f"missing {missing[:3]}, unexpected {unexpected[:3]}")
    for name, value in weights.items():
        if value.shape != wanted[name].shape:
            raise CheckpointError(
                f"{name} has shape {tuple(value.shape)}, the config asks for "
                f"{tuple(wanted[name].shape)}"
            )
        if not value.isfinite().all():
            raise CheckpointError(f"{name} holds NaN or infinite values; export the model again")
