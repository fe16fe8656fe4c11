"""Text vectors of a whole data set: embedded once, and kept."""

import numpy as np
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.train.data.text_vectors import DatasetEmbedder


def test_captions_that_are_done_are_not_embedded_again(tmp_path, monkeypatch):
    texts = [f"caption {k}" for k in range(150)]
    whole = np.concatenate(list(DatasetEmbedder(HashingTextEncoder(), tmp_path).pieces(texts)))
    monkeypatch.setattr(HashingTextEncoder, "__call__", None)
    pieces = list(DatasetEmbedder(HashingTextEncoder(), tmp_path).pieces(texts))
    assert [len(piece) for piece in pieces] == [64, 64, 22]
    assert np.array_equal(np.concatenate(pieces), whole)
