"""``word-pieces``: a caption as the ids of its word pieces, for a model that embeds them itself.

Axes: b batch, t word pieces (32).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sidelight.text.bundled import PADDING, WEIGHTS, batching_tokenizer, read_tokenizer, tokenize
from sidelight.text.encoder import EncoderIdentity, fingerprint_of


class WordPieceEncoder:
    """The tokenizer of ``sidelight-text`` without its network.

    A vector is a row of ids from 1 to ``vocabulary - 1``, padded with 0, so that no caption is the
    zero vector as with every other encoder. float32 holds ids below 2^24 exactly.
    """

    name = "word-pieces"
    width = 32
    """199 of 200 captions of COCO have no more word pieces."""
    holds_ids = True

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Reads the tokenizer out of a file that ``save_bundled`` wrote.

        Raises:
            CheckpointError: The file is missing or holds none.
        """
        serialised = read_tokenizer(path)
        self.identity = EncoderIdentity(self.name, fingerprint_of([serialised.encode()]))
        self._tokenizer = batching_tokenizer(serialised, self.width)
        self._tokenizer.enable_padding(pad_token=PADDING, length=self.width)
        self.vocabulary: int = self._tokenizer.get_vocab_size()
        """Word pieces, the padding included."""

    def characters_read(self, caption: str) -> int:
        """Returns where the last of 32 word pieces ends."""
        encoded = self._tokenizer.encode(caption)
        return encoded.offsets[-1][1] if encoded.overflowing else len(caption)

    def __call__(self, captions: Sequence[str]) -> np.ndarray:
        """Returns the ids of each caption, float32 (b, t): of its first 32 word pieces."""
        ids, _ = tokenize(self._tokenizer, captions)
        return ids.astype(np.float32)
