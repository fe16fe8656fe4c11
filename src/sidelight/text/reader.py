"""Captions as a model reads them: by the text encoder it was trained with."""

from collections.abc import Sequence

import numpy as np

from sidelight.bitstream.compression import check_caption
from sidelight.captions.canonical import canonical_caption
from sidelight.text.encoder import EncoderIdentity, TextEncoder, embed_captions, fit_caption
from sidelight.text.registry import check_identity, load_text_encoder


class CaptionReader:
    """Gives the vectors of captions. Loads its text encoder when the first caption comes."""

    def __init__(
        self, identity: EncoderIdentity, width: int, encoder: TextEncoder | None = None
    ) -> None:
        """Prepares to read.

        Args:
            identity: Of the encoder that the model was trained with.
            width: Length of its vectors.
            encoder: The encoder itself; None looks it up by name.

        Raises:
            TextError: ``encoder`` is another one.
        """
        self._identity, self._width, self.encoder = identity, width, encoder
        if encoder is not None:
            check_identity(identity, encoder)

    def vectors(self, captions: Sequence[str | None]) -> np.ndarray:
        """Returns one vector per caption, float32 (b, t); zeros for no caption.

        Raises:
            TextError: A caption is too long or no Unicode text, or its encoder is not installed.
        """
        for caption in captions:
            check_caption(caption or "")
        if self.encoder is None and any(canonical_caption(c) for c in captions):
            encoder = load_text_encoder(self._identity.name)
            check_identity(self._identity, encoder)
            self.encoder = encoder
        return embed_captions(captions, self.encoder, self._width)

    def notes(self, caption: str | None) -> tuple[str, ...]:
        """Returns what a user should hear of how a caption was read."""
        whole = canonical_caption(caption)
        if not whole or self.encoder is None:
            return ()
        read = fit_caption(whole, self.encoder)
        if len(read) == len(whole):
            return ()
        return (f"only the first {len(read)} characters of the caption could be used",)
