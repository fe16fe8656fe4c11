"""The encoder that ships: offline, small, and no fool of odd text."""

import socket

import numpy as np
import pytest
import torch

from sidelight.api import as_picture, load
from sidelight.codec.check import decode_checked
from sidelight.codec.codec import Codec
from sidelight.codec.stored import Checkpoint
from sidelight.metrics.caption_match import CaptionMatcher
from sidelight.text.bundled import WEIGHTS, BundledEncoder
from sidelight.text.encoder import embed_captions

ODD = {
    "10,000 words": "dog " * 10_000,
    "one endless word": "a" * 60_000,
    "emoji": "\U0001f436\U0001f3d6\ufe0f" * 20,
    "control characters": "a dog\x00\x07\x1b[31m on a\x7f beach",
    "another language": "\u4e00\u53ea\u72d7\u5728\u6d77\u6ee9\u4e0a\u5954\u8dd1\u3002",
    "right to left": "\u202e\u05db\u05dc\u05d1 \u05e2\u05dc \u05d4\u05d7\u05d5\u05e3",
}


@pytest.fixture(scope="module")
def encoder() -> BundledEncoder:
    return BundledEncoder()


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a network socket was asked for")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


def test_it_takes_no_more_than_eight_megabytes():
    assert WEIGHTS.stat().st_size <= 8_000_000


def test_captions_are_read_and_compared_without_any_network(no_network, make_picture):
    checkpoint = load().checkpoint
    codec = Codec(Checkpoint(checkpoint.model, checkpoint.text_encoder, {}))
    data = codec.encode(as_picture(make_picture(64, 64)))
    checked = decode_checked(codec.open(data), CaptionMatcher.load(), "A dog on a beach.")
    assert checked.image.shape == (64, 64, 3)
    assert checked.notes[0].startswith("caption match ")
    with pytest.raises(AssertionError, match="was asked for"):
        socket.create_connection(("localhost", 1))


def test_the_same_meaning_lies_nearer_than_the_same_words(encoder):
    vectors = embed_captions(
        [
            "A puppy is running along the shore.",
            "a dog runs on the beach",
            "A man is running along the corridor.",
        ],
        encoder,
        encoder.width,
    )
    same, other = vectors[1:] @ vectors[0] / encoder.width  # cosines, of unit RMS
    assert same > other + 0.1


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_text_gives_a_vector_of_unit_rms(encoder, text):
    vector = embed_captions([text], encoder, encoder.width)
    assert np.sqrt(np.square(vector).mean()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_text_decodes_to_a_picture_of_the_same_content(text, make_picture):
    codec = load()
    data = codec.encode(as_picture(make_picture(128, 128)))
    plain, odd = (codec.decode(data, t).image.astype(np.float64) for t in ("", text))
    assert np.abs(plain - odd).mean() < 8  # of 255


def test_reading_captions_leaves_the_callers_random_numbers(encoder):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    BundledEncoder()(["A dog."])
    assert torch.equal(torch.get_rng_state(), before)
