"""What the evaluation asks of a codec: bytes from a picture, and the picture back."""

from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8


class CodecPoint(Protocol):
    """One codec at one setting. The rate is the size of what ``encode`` returns."""

    @property
    def codec(self) -> str:
        """Its key in records, such as ``vvc``."""

    @property
    def setting(self) -> str:
        """What distinguishes this point, such as ``qp=37``."""

    @property
    def reads_text(self) -> bool:
        """Whether ``decode`` looks at the caption."""

    def describe(self) -> dict[str, Any]:
        """Returns the program's version and the exact command lines or options.

        Under ``trained_on`` a learned codec lists the metrics that its training improved directly,
        so that tables can mark them.
        """

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns all that a decoder needs besides the caption.

        Raises:
            CodecError: The program is missing or fails; the message has its last words.
        """

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:
        """Returns the picture; ``text`` is the caption, "" for none.

        Raises:
            CodecError: The program is missing or fails.
        """


class Decode(Protocol):
    """What is left to do of a decode when the caption comes."""

    def __call__(self, text: str) -> UInt8[np.ndarray, "h w 3"]:
        """Returns the picture; ``text`` is the caption, "" for none."""


@runtime_checkable
class CaptionedCodecPoint(CodecPoint, Protocol):
    """A codec whose files are read once for several captions."""

    def open(self, data: bytes) -> Decode:
        """Returns what decodes the file with one caption after another.

        Raises:
            CodecError: As for ``decode``.
        """


def open_file(point: CodecPoint, data: bytes) -> Decode:
    """Returns what decodes a file of any codec."""
    if isinstance(point, CaptionedCodecPoint):
        return point.open(data)
    return partial(point.decode, data)


@runtime_checkable
class JointCodecPoint(CodecPoint, Protocol):
    """A codec whose encoder reads the caption too: it makes another file for each."""

    def told(self, caption: str) -> CodecPoint:
        """Returns the codec as a sender uses it who has the caption."""
