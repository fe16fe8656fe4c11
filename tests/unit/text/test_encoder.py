import pytest
import torch

from sidelight.text.encoder import embed_captions


class CountingEncoder:
    """Vectors of very different norms that tell the captions apart."""

    name, width = "counting", 8

    def __init__(self) -> None:
        self.seen = []

    def __call__(self, captions):
        self.seen.append(list(captions))
        rows = [[len(c) ** 3, c.count("a"), *[1.0] * 6] for c in captions]
        return torch.tensor(rows, dtype=torch.float64)


def test_no_caption_is_the_zero_vector_and_needs_no_encoder():
    vectors = embed_captions([None, "", " \n"], None, 8)
    assert torch.equal(vectors, torch.zeros(3, 8))


def test_vectors_have_unit_rms_in_float32():
    vectors = embed_captions(["a", "a dog on a wall", "x" * 100], CountingEncoder(), 8)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.square().mean(1), torch.ones(3))


def test_order_is_kept_around_missing_captions():
    encoder = CountingEncoder()
    captions = ["a dog", None, "banana", "", "cat"]
    vectors = embed_captions(captions, encoder, 8)
    assert encoder.seen == [["a dog", "banana", "cat"]]
    for vector, caption in zip(vectors, captions, strict=True):
        torch.testing.assert_close(vector, embed_captions([caption], encoder, 8)[0])
    assert len(vectors[[0, 2, 4]].unique(dim=0)) == 3


def test_the_encoder_sees_canonical_captions():
    encoder = CountingEncoder()
    embed_captions(["  cafe\u0301  bar "], encoder, 8)
    assert encoder.seen == [["caf\u00e9 bar"]]


def test_a_caption_without_an_encoder_is_a_programming_error():
    with pytest.raises(ValueError, match="a text encoder is needed"):
        embed_captions([None, "a dog"], None, 8)
