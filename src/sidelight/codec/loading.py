"""A model's file, ready to code: by onnxruntime where it holds graphs, else by torch."""

import importlib
import importlib.util
import json
from functools import partial
from pathlib import Path
from typing import Any

from sidelight.codec.card import check_format
from sidelight.codec.stored import Checkpoint, read_integers
from sidelight.errors import CheckpointError
from sidelight.models.config import CarrierConfig, CodecConfig, model_config
from sidelight.runtime.cards import has_graphs
from sidelight.runtime.carrier import OnnxCarrier
from sidelight.runtime.codec import OnnxCodec
from sidelight.runtime.weight_file import WeightFile
from sidelight.text.encoder import EncoderIdentity


def load_model(path: Path, device: str | None = None) -> Checkpoint[Any]:
    """Returns a model and where it comes from.

    Args:
        path: Of its file.
        device: Where torch is to run it, such as "cuda"; None for onnxruntime where there are
            graphs, else for torch on the processor.

    Raises:
        ConfigError: There is no such device.
        CheckpointError: The file is missing, damaged or incomplete, or needs torch, which is not
            installed.
    """
    if device is not None:
        _need_torch(f"a device ({device!r})", "leave the device out")
        return load_by_torch(path, device)
    file = WeightFile.read(path)
    check_format(path, file.metadata)
    if not has_graphs(file.metadata):
        _need_torch(f"{path}, which holds no graphs,", "export it with graphs")
        return load_by_torch(path)
    try:
        text_encoder = EncoderIdentity(
            file.metadata["text_encoder"], file.metadata["text_fingerprint"]
        )
        model = _by_onnxruntime(path, file)
        return Checkpoint(model, text_encoder, json.loads(file.metadata["provenance"]))
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except (LookupError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a complete model: {error}") from None


def _by_onnxruntime(path: Path, file: WeightFile) -> OnnxCarrier | OnnxCodec:
    config = model_config(json.loads(file.metadata["config"]))
    by_torch = partial(model_in_bf16, path)
    if isinstance(config, CarrierConfig):
        return OnnxCarrier(config, file, by_torch)
    assert isinstance(config, CodecConfig)  # as every other model's is
    frozen = read_integers(config, file.tensors)
    assert frozen is not None
    return OnnxCodec(config, file, frozen, by_torch)


def load_by_torch(path: Path, device: str = "cpu") -> Checkpoint[Any]:
    """Returns a model that torch runs on a device.

    Raises:
        CheckpointError: As for ``load_model``, as is the other.
        ConfigError: As there.
    """
    # not an import statement: nothing on the way of a file imports torch unasked
    by_torch = importlib.import_module("sidelight.codec.checkpoint")
    checkpoint: Checkpoint[Any] = by_torch.load_checkpoint(path)
    if device != "cpu":
        by_torch.move(checkpoint.model, device)
    return checkpoint


def model_in_bf16(path: Path) -> Any:
    """Returns the model of ``load_by_torch`` alone, for what onnxruntime does not compute."""
    _need_torch("bf16", "take fp32")
    return load_by_torch(path).model


def _need_torch(what: str, otherwise: str) -> None:
    if importlib.util.find_spec("torch") is None:
        raise CheckpointError(
            f"{what} needs torch, which is not installed: pip install 'sidelight[torch]', or "
            f"{otherwise}"
        )
