"""What a text encoder is, and how captions become the vectors that G and D read.

Axes: b batch, t text width.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.text.canonical import canonical_caption


class TextEncoder(Protocol):
    """A frozen network from sentences to vectors."""

    name: str
    """What checkpoints record, such as ``minilm-l6-v2``."""
    width: int

    def __call__(self, captions: Sequence[str]) -> Float[Tensor, "b t"]:
        """Returns one vector per non-empty caption, of any norm."""


def embed_captions(
    captions: Sequence[str | None], encoder: TextEncoder | None, width: int
) -> Float[Tensor, "b t"]:
    """Returns float32 vectors with entries of unit RMS, all zeros for no caption (spec C9).

    Args:
        captions: One per picture; None and white space mean no caption.
        encoder: May be None when no caption is given.
        width: Length of the vectors.
    """
    vectors = torch.zeros(len(captions), width)
    canonical = [canonical_caption(caption) for caption in captions]
    filled = [k for k, caption in enumerate(canonical) if caption]
    if filled:
        if encoder is None:
            raise ValueError("a text encoder is needed to embed a caption")
        raw = encoder([canonical[k] for k in filled]).float()
        vectors[filled] = width**0.5 * torch.nn.functional.normalize(raw, dim=1)
    return vectors
