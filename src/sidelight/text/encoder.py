"""What a text encoder is, and how captions become the vectors that G and D read.

Axes: b batch, t text width.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from sidelight.captions.canonical import canonical_caption

_SENTENCE_END = re.compile(r"[.!?…](?=\s)|[\u3002\uff01\uff1f]")
"""Also the full-width marks, which no space follows."""
_FINGERPRINT_DIGITS = 16
_LEAST_NORM = np.float32(1e-12)


class EncoderIdentity(NamedTuple):
    """Which encoder, and which weights of it; checkpoints record both."""

    name: str
    """Such as ``minilm-l6-v2``."""
    fingerprint: str
    """16 hexadecimal digits of a SHA-256 over tokenizer and weights."""


class TextEncoder(Protocol):
    """A frozen network from sentences to vectors."""

    identity: EncoderIdentity
    width: int
    holds_ids: bool
    """Whether vectors are ids of word pieces, which are kept as they are, and not directions."""

    def characters_read(self, caption: str) -> int:
        """Returns how many characters fit the token limit, from the caption's beginning."""

    def __call__(self, captions: Sequence[str]) -> np.ndarray:
        """Returns one vector per non-empty caption, floats (b, t) of any norm."""


def embed_captions(
    captions: Sequence[str | None], encoder: TextEncoder | None, width: int
) -> np.ndarray:
    """Returns float32 vectors (b, t) with entries of unit RMS, or ids; zeros for none (choice C9).

    Args:
        captions: One per picture; None and white space mean no caption.
        encoder: May be None when no caption is given.
        width: Length of the vectors.
    """
    vectors = np.zeros((len(captions), width), np.float32)
    filled = [k for k, caption in enumerate(captions) if canonical_caption(caption)]
    if filled:
        if encoder is None:
            raise ValueError("a text encoder is needed to embed a caption")
        raw = encoder([fit_caption(captions[k], encoder) for k in filled]).astype(np.float32)
        if not encoder.holds_ids:
            norms = np.sqrt(np.square(raw).sum(1, keepdims=True))
            raw = np.float32(width**0.5) * raw / np.maximum(norms, _LEAST_NORM)
        vectors[filled] = raw
    return vectors


def fit_caption(caption: str | None, encoder: TextEncoder) -> str:
    """Returns the canonical caption, cut where the encoder's token limit asks for it.

    The cut is behind the last whole sentence, or the last whole word of a longer one.
    """
    whole = canonical_caption(caption)
    limit = encoder.characters_read(whole)
    if limit >= len(whole):
        return whole
    head = whole[:limit]
    ends = [match.end() for match in _SENTENCE_END.finditer(whole[: limit + 1])]
    if ends:
        return head[: ends[-1]]
    word_end = limit if not whole[limit].isalnum() else head.rfind(" ")
    return head[:word_end] if word_end > 0 else head


def fingerprint_of(parts: Iterable[Path | bytes]) -> str:
    """Returns the digits that identify an encoder by the content of its files, or by bytes."""
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") if isinstance(part, Path) else io.BytesIO(part) as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]
