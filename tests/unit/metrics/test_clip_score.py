"""RefCLIPScore of a tiny random CLIP, against its towers' own vectors and numpy."""

import importlib.util

import numpy as np
import pytest
import torch
from benchmarks.metrics.references.clip import POSITIONS, load_score, write_model
from safetensors.torch import load_file, save_file
from transformers import CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from sidelight.errors import CheckpointError, ConfigError
from sidelight.metrics.clip_score import RefClipScore, _prepared
from sidelight.metrics.protocol import Sample
from sidelight.text.clip import FOLDER_VARIABLE

CAPTIONS = ["A dog.", "a cat on a dog", "some dogs run", "A DOG!"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip")
    write_model(path)
    return path


@pytest.fixture
def metric(folder) -> RefClipScore:
    return RefClipScore(folder)


@pytest.fixture
def make_sample(make_picture):
    def make(captions, seed=0) -> Sample:
        # the original takes no part
        return Sample(np.zeros((300, 340, 3), np.uint8), make_picture(300, 340, seed), captions)

    return make


@pytest.mark.parametrize("count", [4, 3, 2, 1])
def test_the_score_is_that_of_both_towers(metric, folder, make_sample, count):
    reference = load_score(folder)
    for seed in range(3):
        sample = make_sample(CAPTIONS[:count], seed)
        expected = reference(sample.decoded, sample.captions)
        assert expected > 0.3
        assert metric(sample) == pytest.approx(expected, abs=1e-5)


def test_one_caption_is_its_own_reference(metric, make_sample):
    alone, repeated = (metric(make_sample(CAPTIONS[:1] * count)) for count in (1, 2))
    assert repeated == pytest.approx(alone, abs=1e-6)


def test_a_picture_that_points_away_from_its_caption_has_zero(metric, make_sample):
    sample = make_sample(CAPTIONS)
    assert metric(sample) > 0
    metric._network.text_projection.weight.data *= -1
    assert metric(sample) == 0


def test_long_captions_are_cut_at_the_last_position(metric, make_sample):
    long = "dog " * POSITIONS
    first, second = metric(make_sample([long])), metric(make_sample([long + "cat"]))
    assert first == second


@pytest.mark.parametrize("shape", [(480, 640), (427, 640), (640, 425), (224, 224), (50, 31)])
def test_pictures_are_prepared_as_transformers_does(make_picture, shape):
    image = make_picture(*shape)
    theirs = CLIPImageProcessorPil()(image, return_tensors="np")["pixel_values"]
    ours = _prepared(image, 224)
    assert ours.shape == (1, 3, 224, 224)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-5


def test_weights_of_half_precision_are_computed_with_in_float32(folder, tmp_path, make_sample):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    CLIPModel.from_pretrained(folder, local_files_only=True).half().save_pretrained(tmp_path)
    half = RefClipScore(tmp_path)
    assert {parameter.dtype for parameter in half._network.parameters()} == {torch.float32}
    sample = make_sample(CAPTIONS)
    assert half(sample) == pytest.approx(RefClipScore(folder)(sample), rel=0.02)


def test_a_picture_without_captions_is_refused(metric, make_sample):
    with pytest.raises(ConfigError, match=r"needs one caption per picture or more, got none"):
        metric(make_sample([]))


def test_a_folder_can_be_named_in_the_environment(metric, folder, monkeypatch, make_sample):
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    sample = make_sample(CAPTIONS)
    assert RefClipScore()(sample) == metric(sample)


def test_a_text_tower_alone_is_not_enough(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(folder / "model.safetensors")
    of_text = {name: value for name, value in weights.items() if "vision" not in name}
    save_file(of_text, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointError, match=r"no complete CLIPModel: .*'hf download") as caught:
        RefClipScore(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_without_weights_the_error_says_how_to_get_them(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *names: None)
    with pytest.raises(CheckpointError, match=r"'hf download openai/clip-vit-base-patch32'"):
        RefClipScore()


def test_without_transformers_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'sidelight\[clip\]'"):
        RefClipScore()
