"""Captions as ids: exact, padded with zeros, and the same through every store."""

import numpy as np
import pytest

from sidelight.errors import CheckpointError
from sidelight.text.bundled import read_tokenizer
from sidelight.text.encoder import embed_captions, fit_caption
from sidelight.text.registry import load_text_encoder
from sidelight.text.word_pieces import WordPieceEncoder
from sidelight.train.data.datasets import text_vectors
from sidelight.train.data.pictures import CaptionedImage

CAPTION = "A man riding a wave on top of a surfboard."
IDS = [257, 349, 949, 257, 1935, 298, 594, 281, 257, 942, 707, 14]
RARE = "a turtle beside two zucchini"


@pytest.fixture(scope="module")
def encoder() -> WordPieceEncoder:
    return WordPieceEncoder()


def test_a_caption_is_the_row_of_its_ids_padded_with_zeros(encoder):
    vectors = embed_captions([CAPTION, None], encoder, encoder.width)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [IDS + [0] * (32 - len(IDS)), [0] * 32]


def test_ids_lie_below_the_vocabulary_and_none_of_a_word_is_zero(encoder):
    ids = encoder([CAPTION, RARE, "\U0001f436 dog \x00\x07 \u72ac", "x" * 500])
    assert ids.max() < encoder.vocabulary == 3072
    # zeros are at the end alone
    assert (np.diff((ids > 0).astype(int), axis=1) <= 0).all()
    assert (ids[:, 0] > 0).all()


def test_text_after_the_last_id_is_not_read(encoder):
    long = "A dog. " * 30
    read = encoder.characters_read(long)
    assert 0 < read < len(long)
    assert np.array_equal(encoder([long]), encoder([long[:read]]))
    assert encoder([long]).min() > 0
    assert fit_caption(long, encoder).endswith("dog.")
    assert encoder.characters_read(CAPTION) == len(CAPTION)


def test_ids_beyond_half_precision_stay_exact_on_their_way_to_training(
    encoder, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    expected = encoder([CAPTION, RARE])
    assert not np.array_equal(expected.astype(np.float16), expected)  # such ids are among them
    picture = CaptionedImage("p", np.zeros((2, 2, 3), np.uint8), (CAPTION, RARE))
    for _ in range(2):  # the second time out of the cache
        (found,) = text_vectors([picture], encoder)
        assert np.array_equal(found, expected)


def test_the_identity_is_that_of_the_tokenizer(encoder, monkeypatch):
    assert load_text_encoder("word-pieces").identity == encoder.identity
    other = read_tokenizer().replace('"single_word":false', '"single_word":true')
    monkeypatch.setattr("sidelight.text.word_pieces.read_tokenizer", lambda path: other)
    assert WordPieceEncoder().identity != encoder.identity


def test_a_file_without_a_tokenizer_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"x": np.zeros(1)}, tmp_path / "plain.safetensors")
    for name in ("plain.safetensors", "missing.safetensors"):
        with pytest.raises(CheckpointError, match=r"cannot read (the tokenizer|.*missing)"):
            WordPieceEncoder(tmp_path / name)
