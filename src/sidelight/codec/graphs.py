"""Writes the graphs of a model, or of a text encoder, into its file (extra ``export``)."""

from pathlib import Path
from typing import Any

import numpy as np

from sidelight.codec.checkpoint import load_checkpoint
from sidelight.codec.stored import is_weight
from sidelight.models.carrier_graph import carrier_graphs
from sidelight.models.codec_graphs import codec_graphs
from sidelight.models.exported import ExportedCodec
from sidelight.models.older import current_names
from sidelight.runtime.cards import with_graphs
from sidelight.runtime.weight_file import WeightFile
from sidelight.text.bundled import is_text_encoder, text_network
from sidelight.text.network_graph import text_graphs


def add_graphs(path: Path) -> bool:
    """Writes a file again with the graphs of its networks; its weights stay as they are.

    Returns:
        Whether it has graphs now: a codec whose encoder reads the caption runs with torch only.

    Raises:
        CheckpointError: It is neither a model nor a text encoder.
        ConfigError: The extra ``export`` is not installed.
    """
    file = WeightFile.read(path)
    written = _graphs(path, file)
    if written is None:
        return False
    card, added = written
    with_graphs(file, card, added).write(path)
    return True


def _graphs(path: Path, file: WeightFile) -> tuple[Any, dict[str, np.ndarray]] | None:
    if is_text_encoder(file):
        return text_graphs(text_network(file))
    model = load_checkpoint(path).model
    if isinstance(model, ExportedCodec):
        if model.encoder_reads_text:
            return None
        weights = filter(is_weight, file.tensors)
        return codec_graphs(model, current_names({name: name for name in weights}))
    return carrier_graphs(model)
