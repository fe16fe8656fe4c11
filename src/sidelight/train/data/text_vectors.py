"""The text vectors of a whole data set, computed once before training.

Axes: n captions, t text width.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from sidelight.text.cache import CachedEncoder
from sidelight.text.encoder import TextEncoder, embed_captions

_CAPTIONS_AT_ONCE = 64


class DatasetEmbedder:
    """Embeds captions piece by piece; what is done stays in the encoder's cache."""

    def __init__(self, encoder: TextEncoder, cache: Path | None = None) -> None:
        self._encoder = CachedEncoder(encoder, cache)

    def pieces(self, captions: Sequence[str]) -> Iterator[np.ndarray]:
        """Yields vectors of ``embed_captions`` (n, t) for up to 64 captions at a time."""
        for start in range(0, len(captions), _CAPTIONS_AT_ONCE):
            piece = captions[start : start + _CAPTIONS_AT_ONCE]
            yield embed_captions(piece, self._encoder, self._encoder.width)


def as_kept(vectors: np.ndarray, encoder: TextEncoder) -> np.ndarray:
    """Returns float16 vectors, or float32 ids: float16 has no odd numbers above 2048."""
    return vectors if encoder.holds_ids else vectors.astype(np.float16)
