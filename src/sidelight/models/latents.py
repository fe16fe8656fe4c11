"""The integers that a file carries, and what an entropy model says of them.

Axes: b batch, n hyper channels, c latent channels, h and w height and width of a hyper-latent or
a latent, f latents of a front.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Int32, UInt8
from torch import Tensor

from sidelight.entropy.tables import SymbolTables

MEAN_BITS = 6
"""Means are integers in units of 2^-6 of a quantisation step."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is known of latents before they are coded."""

    means: Int32[Tensor, "b c *front"]
    """In units of 1/64 of a quantisation step."""
    index: UInt8[Tensor, "b c *front"]
    """The symbol table of each latent."""


class Latents(NamedTuple):
    """The integers that a file carries, with what the entropy model predicts of them."""

    z_symbols: Int32[Tensor, "b n h w"]
    y_symbols: Int32[Tensor, "b c 4*h 4*w"]
    """``round(y - means)``, so that means never reach the entropy coder."""
    prediction: Prediction

    def of(self, picture: int) -> "Latents":
        """Returns the integers of one picture of a batch."""
        one = slice(picture, picture + 1)
        prediction = Prediction(self.prediction.means[one], self.prediction.index[one])
        return Latents(self.z_symbols[one], self.y_symbols[one], prediction)

    def fixed_point(self) -> Int32[Tensor, "b c _ _"]:
        """Returns y_hat in units of 1/64 of a quantisation step."""
        return (self.y_symbols << MEAN_BITS) + self.prediction.means


class Front(NamedTuple):
    """Positions of the latent that can be coded at once: none depends on another."""

    rows: slice | Tensor
    columns: slice | Tensor


WHOLE = Front(slice(None), slice(None))
"""All positions, where none depends on another."""

Settle = Callable[[Front, Prediction], Int32[Tensor, "b c *front"]]
"""Gives the symbols of a front whose prediction is known: by rounding, or from a file."""


@runtime_checkable
class EntropyModel(Protocol):
    """Predicts latents from what is coded before them, in integers only (docs/determinism.md)."""

    @property
    def latent_tables(self) -> SymbolTables:
        """The tables that a prediction's index names."""

    @property
    def hyper_tables(self) -> SymbolTables:
        """One table for each channel of the hyper-latent."""

    def fronts(self, height: int, width: int) -> Iterator[Front]:
        """Yields the positions of a latent of this size in the order in which they are coded."""

    def latents(self, z_symbols: Int32[Tensor, "b n h w"], step: int, settle: Settle) -> Latents:
        """Returns all integers; ``settle`` is called for one front after the other."""

    def fingerprint(self) -> bytes:
        """Returns 8 bytes that stand for all that decoding the latents depends on."""

    def to_tensors(self) -> dict[str, Tensor]:
        """Returns everything by name, for a checkpoint."""
