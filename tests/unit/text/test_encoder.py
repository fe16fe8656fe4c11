import numpy as np
import pytest

from sidelight.text.encoder import EncoderIdentity, embed_captions, fingerprint_of, fit_caption


class CountingEncoder:
    """Vectors of very different norms that tell the captions apart."""

    identity, width = EncoderIdentity("counting", "0"), 8
    holds_ids = False
    limit = 1000

    def __init__(self) -> None:
        self.seen = []

    def characters_read(self, caption):
        return min(self.limit, len(caption))

    def __call__(self, captions):
        self.seen.append(list(captions))
        rows = [[len(c) ** 3, c.count("a"), *[1.0] * 6] for c in captions]
        return np.array(rows, np.float64)


def test_no_caption_is_the_zero_vector_and_needs_no_encoder():
    vectors = embed_captions([None, "", " \n"], None, 8)
    assert np.array_equal(vectors, np.zeros((3, 8)))


def test_vectors_have_unit_rms_in_float32():
    vectors = embed_captions(["a", "a dog on a wall", "x" * 100], CountingEncoder(), 8)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.square(vectors).mean(1), np.ones(3), rtol=1e-6)


def test_order_is_kept_around_missing_captions():
    encoder = CountingEncoder()
    captions = ["a dog", None, "banana", "", "cat"]
    vectors = embed_captions(captions, encoder, 8)
    assert encoder.seen == [["a dog", "banana", "cat"]]
    for vector, caption in zip(vectors, captions, strict=True):
        np.testing.assert_array_equal(vector, embed_captions([caption], encoder, 8)[0])
    assert len(np.unique(vectors[[0, 2, 4]], axis=0)) == 3


def test_the_encoder_sees_canonical_captions():
    encoder = CountingEncoder()
    embed_captions(["  cafe\u0301  bar "], encoder, 8)
    assert encoder.seen == [["caf\u00e9 bar"]]


def test_a_caption_without_an_encoder_is_a_programming_error():
    with pytest.raises(ValueError, match="a text encoder is needed"):
        embed_captions([None, "a dog"], None, 8)


@pytest.mark.parametrize(
    ("limit", "fitted"),
    [
        (27, "A dog. Is it 3.5 years old?"),
        (26, "A dog."),
        (25, "A dog."),
        (7, "A dog."),
        (6, "A dog."),
        (5, "A dog"),
        (4, "A"),
        (1, "A"),
    ],
)
def test_a_long_caption_is_cut_at_a_sentence_or_word_end(limit, fitted):
    encoder = CountingEncoder()
    encoder.limit = limit
    assert fit_caption(" A dog.  Is it 3.5 years old?", encoder) == fitted


def test_sentences_end_without_a_space_where_scripts_have_none():
    encoder = CountingEncoder()
    encoder.limit = 6
    assert fit_caption("犬です。猫です。", encoder) == "犬です。"
    encoder.limit = 2
    assert fit_caption("犬です。猫です。", encoder) == "犬で"


def test_fingerprints_tell_files_apart_by_content_and_border(tmp_path):
    paths = [tmp_path / name for name in "ab"]
    fingerprints = set()
    for contents in ((b"x", b"yz"), (b"xy", b"z"), (b"yz", b"x")):
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        fingerprints.add(fingerprint_of(paths))
    assert len(fingerprints) == 3
    assert all(len(fingerprint) == 16 for fingerprint in fingerprints)
