"""What a model's file says of its graphs: all that is needed to run them, and no layer widths.

It is the metadata entry ``runtime``, in JSON. The graphs themselves are tensors of bytes whose
names begin with ``runtime.``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sidelight.config import StrictConfig
from sidelight.errors import CheckpointError, ConfigError
from sidelight.runtime.graph import Graph
from sidelight.runtime.weight_file import WeightFile
from sidelight.tiling import CodecTiles, Halos

CARD = "runtime"
"""The metadata's key."""
PREFIX = "runtime."
"""Of the tensors that hold graphs, and what else was computed for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierCard(StrictConfig):
    """The graph of a carrier generator."""

    halo: int
    """Pixels around one that it depends on."""
    redraw: tuple[str, ...]
    """The tensors that the graph of this name takes as weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecCard(StrictConfig):
    """The graphs of a codec of .slt files."""

    halos: tuple[int, ...]
    """What g_a (pixels), h_a and g_s (latents) read around a position; empty where pictures must
    pass whole."""
    g_a: tuple[str, ...]
    """The tensors that the graph of this name takes as weights."""
    h_a: tuple[str, ...]
    """As there."""
    g_s: tuple[str, ...]
    """As there."""

    def __post_init__(self) -> None:
        if len(self.halos) not in (0, len(Halos._fields)):
            raise ConfigError(f"halos must have 3 entries or none, got {len(self.halos)}")

    @property
    def tiles(self) -> CodecTiles:
        """In which large pictures pass the graphs."""
        return CodecTiles.of(Halos(*self.halos) if self.halos else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCard(StrictConfig):
    """The graph of a text encoder."""

    embed: tuple[str, ...]
    """The tensors that the graph of this name takes as weights."""


def has_graphs(metadata: Mapping[str, str]) -> bool:
    """Returns whether a file of these metadata can be run without torch."""
    return CARD in metadata


def is_of_graphs(name: str) -> bool:
    """Returns whether a tensor was written for graphs, and is no weight of the model."""
    return name.startswith(PREFIX)


def card_of(file: WeightFile) -> dict[str, Any]:
    """Returns what a file says of its graphs.

    Raises:
        CheckpointError: It is no JSON table, or there is none.
    """
    try:
        return dict(json.loads(file.metadata[CARD]))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"the description of the model's graphs is damaged: {error}"
        ) from None


def with_graphs(
    file: WeightFile, card: StrictConfig, added: Mapping[str, np.ndarray]
) -> WeightFile:
    """Returns a file with other graphs than it had; its weights stay as they are.

    Args:
        file: Of a model.
        card: What is said of the graphs.
        added: The graphs as bytes, and what belongs to them, by name.
    """
    kept = {name: value for name, value in file.tensors.items() if not is_of_graphs(name)}
    new = {PREFIX + name: value for name, value in added.items()}
    return WeightFile(file.metadata | {CARD: json.dumps(card.to_dict())}, kept | new)


def graph_of(file: WeightFile, name: str, weights: tuple[str, ...]) -> Graph:
    """Returns one of a file's graphs, with its weights.

    Raises:
        CheckpointError: One of them is missing, or holds NaN or infinite values.
    """
    stored = file.tensors.get(PREFIX + name)
    if stored is None or stored.dtype != np.uint8:
        raise CheckpointError(f"there is no graph {name}; export the model again")
    if missing := [weight for weight in weights if weight not in file.tensors]:
        raise CheckpointError(f"graph {name} needs {missing[:3]}, which are missing")
    taken = {weight: file.tensors[weight] for weight in weights}
    for weight, value in taken.items():
        if not np.isfinite(value).all():
            raise CheckpointError(f"{weight} holds NaN or infinite values; export the model again")
    return Graph(stored.tobytes(), taken)
