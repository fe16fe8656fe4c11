"""The bundled encoder: what it reads, and that its file alone rebuilds it."""

import numpy as np
import pytest
import torch

from sidelight.errors import CheckpointError, ConfigError
from sidelight.text.bundled import BundledEncoder, save_bundled, set_match_thresholds, tokenize
from sidelight.text.encoder import fit_caption
from sidelight.text.network import SentenceNetwork
from sidelight.text.sentence_config import SentenceConfig
from sidelight.train.text.distillation import train_tokenizer

CAPTIONS = ["A dog runs on the beach.", "A caf\xe9 \U0001f600 \u72ac", "Dog", "\x00\x07"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    tokenizer = train_tokenizer(CAPTIONS[:1] * 3, 300)
    torch.manual_seed(5)
    network = SentenceNetwork(
        SentenceConfig(
            vocabulary=tokenizer.get_vocab_size(),
            max_tokens=12,
            width=16,
            num_layers=2,
            num_heads=2,
            hidden=32,
            text_width=8,
        )
    ).eval()
    path = tmp_path_factory.mktemp("text") / "text.safetensors"
    save_bundled(path, network, tokenizer)
    return path, network, tokenizer


def test_the_file_alone_rebuilds_the_encoder(saved):
    path, network, tokenizer = saved
    encoder = BundledEncoder(path)
    assert (encoder.width, encoder.name) == (8, "sidelight-text")
    with torch.no_grad():
        expected = network(*map(torch.from_numpy, tokenize(tokenizer, CAPTIONS[:1])))
    np.testing.assert_allclose(encoder(CAPTIONS[:1]), expected, rtol=0, atol=5e-3)  # float16


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_damaged_file_is_refused(saved, tmp_path, share):
    damaged = bytearray(saved[0].read_bytes())
    damaged[int(share * len(damaged))] ^= 1
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match="damaged"):
        BundledEncoder(path)


def test_a_caption_is_embedded_alike_alone_and_beside_others(saved):
    encoder = BundledEncoder(saved[0])
    together = encoder(CAPTIONS)
    assert np.isfinite(together).all()
    for k, caption in enumerate(CAPTIONS):
        np.testing.assert_allclose(encoder([caption])[0], together[k], rtol=0, atol=1e-5)


def test_case_does_not_matter_and_words_and_their_order_do(saved):
    encoder = BundledEncoder(saved[0])
    vectors = encoder(["a dog runs", "A DOG RUNS", "dog a runs", "a dog"])
    assert np.array_equal(vectors[0], vectors[1])
    assert len(np.unique(vectors, axis=0)) == 3


def test_text_beyond_the_last_position_is_not_read(saved):
    encoder = BundledEncoder(saved[0])
    assert encoder.characters_read("A dog.") == 6
    long = "dog. " * 30
    read = encoder.characters_read(long)
    assert 0 < read < len(long)
    assert np.array_equal(encoder([long]), encoder([long[:read]]))
    assert fit_caption(long, encoder).endswith("dog.")


def test_other_weights_have_another_identity(saved, tmp_path):
    path, network, tokenizer = saved
    other = SentenceNetwork(network.config)
    save_bundled(tmp_path / "other.safetensors", other, tokenizer)
    assert BundledEncoder(tmp_path / "other.safetensors").identity != BundledEncoder(path).identity


def test_the_match_score_may_change_without_touching_the_identity(saved, tmp_path):
    path, network, tokenizer = saved
    tuned = tmp_path / "tuned.safetensors"
    save_bundled(tuned, network, tokenizer, image_projection=np.ones((8, 3)))
    set_match_thresholds(tuned, [(1.0, 0.125)])
    plain, encoder = BundledEncoder(path), BundledEncoder(tuned)
    assert (plain.match_thresholds, encoder.match_thresholds) == (None, [[1.0, 0.125]])
    assert np.array_equal(encoder.image_projection, np.ones((8, 3)))
    assert encoder.identity == plain.identity
    assert np.array_equal(encoder(CAPTIONS), plain(CAPTIONS))


def test_files_that_hold_no_encoder_are_refused(tmp_path):
    path = tmp_path / "text.safetensors"
    with pytest.raises(CheckpointError, match=r"cannot read .*text\.safetensors"):
        BundledEncoder(path)
    path.write_bytes(b"no safetensors")
    with pytest.raises(CheckpointError, match="expected a safetensors file"):
        BundledEncoder(path)


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(ConfigError, match="no multiple of num_heads"):
        SentenceConfig(vocabulary=10, width=10, num_heads=4)
