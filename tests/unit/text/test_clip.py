"""A CLIP text tower from a folder: here a tiny random one, saved as transformers saves any."""

import importlib.util

import numpy as np
import pytest
import torch
from benchmarks.metrics.references.clip import write_tokenizer
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from sidelight.errors import TextError
from sidelight.text.cache import CachedEncoder
from sidelight.text.clip import FOLDER_VARIABLE, ClipEncoder
from sidelight.text.encoder import embed_captions, fit_caption
from sidelight.train.data.text_vectors import DatasetEmbedder

POSITIONS = 12
CAPTIONS = ["A dog.", "a cat on a dog", "A dog."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip")
    vocabulary = write_tokenizer(path)
    torch.manual_seed(3)
    config = CLIPTextConfig(
        **vocabulary,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        projection_dim=24,
        max_position_embeddings=POSITIONS,
    )
    CLIPTextModelWithProjection(config).save_pretrained(path)
    return path


@pytest.fixture
def encoder(folder, tmp_path):
    return CachedEncoder(ClipEncoder(folder), tmp_path / "cache")


def test_vectors_are_those_of_transformers_own_model(encoder, folder):
    assert encoder.width == 24
    tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    network = CLIPTextModelWithProjection.from_pretrained(folder, local_files_only=True).eval()
    for caption, vector in zip(CAPTIONS, encoder(CAPTIONS), strict=True):
        with torch.inference_mode():
            expected = network(**tokenizer([caption], return_tensors="pt")).text_embeds[0]
        np.testing.assert_allclose(vector, expected, rtol=0, atol=1e-5)


def test_a_caption_is_lower_cased_and_ends_at_the_last_position(encoder):
    assert np.array_equal(encoder(["A DOG"]), encoder(["a dog"]))
    long = "dog " * 10 + "cat cat cat"
    assert encoder.characters_read(long) == len("dog " * 10) - 1
    assert encoder.characters_read("a dog") == 5
    assert fit_caption("A dog. " + "cat " * 20, encoder) == "A dog."
    assert np.array_equal(encoder(["dog " * 10]), encoder(["dog " * 10 + "cat"]))


def test_known_captions_are_read_from_disk(encoder, folder, tmp_path, monkeypatch):
    first = encoder(CAPTIONS)
    clip = ClipEncoder(folder)
    seen = []
    embed = ClipEncoder.__call__
    monkeypatch.setattr(
        ClipEncoder, "__call__", lambda self, new: seen.append(new) or embed(self, new)
    )
    again = CachedEncoder(clip, tmp_path / "cache")
    assert np.array_equal(again([*CAPTIONS, "new"])[:3], first)
    assert seen == [["new"]]


def test_other_weights_have_another_fingerprint_and_cache(encoder, folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    network = CLIPTextModelWithProjection.from_pretrained(other, local_files_only=True)
    with torch.no_grad():
        network.text_projection.weight.mul_(2)
    network.save_pretrained(other)
    changed = CachedEncoder(ClipEncoder(other), tmp_path / "cache")
    assert changed.identity != encoder.identity
    np.testing.assert_allclose(changed(CAPTIONS), 2 * encoder(CAPTIONS), rtol=1e-5)


def test_the_codec_reads_unit_rms_vectors(encoder):
    vectors = embed_captions(["A dog.", None], encoder, encoder.width)
    np.testing.assert_allclose(np.square(vectors).mean(1), [1, 0], rtol=1e-5)


def test_a_data_set_is_embedded_alike_before_and_after_the_codec_cached_it(encoder, tmp_path):
    # one cache serves both, so it must hold one kind of vector
    encoder(["A dog."])
    pieces = DatasetEmbedder(encoder, tmp_path / "cache").pieces(["A dog.", "a cat"])
    np.testing.assert_allclose(np.square(np.concatenate(list(pieces))).mean(1), [1, 1], rtol=1e-5)


def test_a_folder_can_be_named_in_the_environment(folder, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    assert ClipEncoder().width == 24


def test_a_missing_weight_is_not_filled_with_random_numbers(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(folder / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(TextError, match="holds no complete CLIPTextModel"):
        ClipEncoder(tmp_path)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_an_incomplete_folder_is_told_what_belongs_in_it(folder, tmp_path, missing):
    for path in folder.iterdir():
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(TextError, match=r"expected config\.json, model\.safetensors and tokenizer"):
        ClipEncoder(tmp_path)


def test_without_weights_the_error_says_how_to_get_them(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *names: None)
    with pytest.raises(TextError, match=r"no CLIP weights: .* 'hf download openai/clip-vit-base"):
        ClipEncoder()


def test_without_transformers_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TextError, match=r"pip install 'sidelight\[clip\]'"):
        ClipEncoder()
