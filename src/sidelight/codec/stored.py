"""A model with where it comes from, and the integers that its file holds."""

from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from sidelight.entropy.arrays import from_arrays
from sidelight.entropy.model import EntropyModel
from sidelight.errors import CheckpointError
from sidelight.models.config import CodecConfig, ModelConfig
from sidelight.runtime.cards import is_of_graphs
from sidelight.text.encoder import EncoderIdentity

FROZEN = "frozen."
"""What the names of the integers begin with."""
Model = TypeVar("Model")


class Checkpoint(NamedTuple, Generic[Model]):
    """A model with where it comes from."""

    model: Model
    text_encoder: EncoderIdentity
    """What it was trained with."""
    provenance: dict[str, Any]
    """Data, steps, seed, commit, as the training run recorded them."""


def is_weight(name: str) -> bool:
    """Returns whether a tensor of a file is a float weight: no integer, and nothing of graphs."""
    return not (name.startswith(FROZEN) or is_of_graphs(name))


def read_integers(config: ModelConfig, tensors: Mapping[str, np.ndarray]) -> EntropyModel | None:
    """Returns the frozen part of a model of this config, None for one that decides no bits.

    Raises:
        CheckpointError: It is missing or incomplete, or of another shape.
    """
    if not isinstance(config, CodecConfig):
        return None
    frozen = from_arrays(
        {k.removeprefix(FROZEN): v for k, v in tensors.items() if k.startswith(FROZEN)}
    )
    channels = config.hyper_channels, config.latent_channels
    if (found := (len(frozen.hyper_tables), frozen.latent_channels)) != channels:
        raise CheckpointError(
            f"the frozen entropy model has {found} channels, the config {channels}"
        )
    return frozen
