"""What a run trains, and on what: all of a step that depends on the kind of model.

Axes: b batch, t text, h and w picture size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.text.encoder import TextEncoder
from sidelight.train.data.crops import CropBatch
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reconstruction:
    """What a model makes of a batch, as the discriminator sees it."""

    x_hat: Float[Tensor, "b 3 h w"]
    condition: Float[Tensor, "b c _ _"]
    """What D reads beside the picture: the latent, or the carrier's picture."""
    realism: Float[Tensor, " b"] | None = None
    """How much each picture is to be judged by D, from 0 to 1; None judges all fully."""


class TrainingLoss(Protocol):
    """A NamedTuple whose first entry is minimised; the others are told in the log."""

    @property
    def total(self) -> Float[Tensor, ""]:
        """What is minimised."""

    @property
    def _fields(self) -> tuple[str, ...]: ...

    def __iter__(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Samples:
    """Strips of original and decoded pictures side by side, and what is measured on them."""

    strips: dict[str, np.ndarray]
    """uint8 (h, n*w, 3), by the picture's key and what it was coded with."""
    values: dict[str, float]
    """By their name in the log."""


class Objective(Protocol):
    """One kind of model in training. The trainer brings optimiser, averages and discriminator."""

    @property
    def model(self) -> nn.Module:
        """What is trained."""

    def reconstruct(
        self, x: Float[Tensor, "b 3 h w"], text: Float[Tensor, "b t"], batch: CropBatch, step: int
    ) -> Any:
        """Returns a ``Reconstruction`` with whatever ``loss`` and ``follow`` need of it."""

    def loss(
        self,
        x: Float[Tensor, "b 3 h w"],
        made: Any,
        step: int,
        *,
        adversarial: Float[Tensor, " b"] | None,
        adversarial_weight: float,
    ) -> Any:
        """Returns a ``TrainingLoss``; ``adversarial`` is what D makes of each picture."""

    def follow(self, made: Any, step: int) -> None:
        """Learns from a step that was taken."""

    def record(self) -> dict[str, Any]:
        """Returns what the log tells beside the losses."""

    def samples(
        self,
        weights: Mapping[str, Tensor],
        pictures: Sequence[CaptionedImage | CaptionedFile],
        encoder: TextEncoder,
    ) -> Samples:
        """Returns the first pictures as a decoder with these weights would show them."""

    def state_dict(self) -> dict[str, Any]:
        """Returns what a resumed run needs beside the weights."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where ``state`` was taken."""

    def start_from(self, state: dict[str, Any]) -> None:
        """Takes over what fits of another run's ``state_dict``."""
