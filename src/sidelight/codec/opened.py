"""One file, many captions: a file that is read once and decoded as often as one likes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from sidelight.codec.info import FileInfo
from sidelight.pixels.picture import Picture


class OpenedFile(ABC):
    """A file that was read and checked; ``decode`` does only what depends on the caption."""

    info: FileInfo
    """What the file holds."""
    exif: bytes | None
    """Its EXIF block."""

    @abstractmethod
    def decode(
        self,
        caption: str | None = None,
        *,
        realism: float | None = None,
        precision: str = "auto",
    ) -> Picture:
        """Returns the picture.

        Args:
            caption: "" for none; None for the one inside the file, if any.
            realism: Of ordinary files, the dial from 0 (faithful) to 1 (natural); None for the
                model's default.
            precision: Of the generator: "fp32", "bf16", or "auto" for bf16 where the processor
                computes in it.

        Raises:
            ConfigError: ``realism`` or ``precision`` is out of range, or this file has no dial.
            TextError: The caption cannot be used.
        """

    @abstractmethod
    def masks(self, caption: str, *, realism: float | None = None) -> Sequence[np.ndarray]:
        """Returns where each SSA block lets the text act, float32 (h, w), coarse to fine.

        Errors as for ``decode``.
        """

    def caption_read(self, given: str | None) -> str | None:
        """Returns the caption that ``decode`` reads: the one given, else the one inside."""
        return self.info.caption if given is None else given
