"""Which codecs and captions the paper's experiments ask for; nothing is coded."""

import pytest
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.checkpoint import Checkpoint, save_checkpoint
from sidelight.errors import ConfigError
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.experiments import ablation, backbone, rate_distortion, stability

NOTHING = Dataset("nothing", ())


@pytest.fixture
def checkpoint(tiny_exported, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Checkpoint(tiny_exported, HashingTextEncoder.identity, {}))
    return path


def test_rate_distortion_has_the_asked_codecs_at_the_asked_settings(checkpoint):
    made = rate_distortion(NOTHING, {"jpeg": [20, 10], "webp": None}, {"mine": [checkpoint]})
    points = [(p.codec, p.setting) for p in made.points]
    assert points[:2] == [("jpeg", "quality=10"), ("jpeg", "quality=20")]
    assert [codec for codec, _ in points[2:]] == ["webp"] * 5 + ["mine"] * 5


def test_variants_are_compared_with_the_first_model(checkpoint):
    made = ablation(NOTHING, {"full": [checkpoint], "no-text": [checkpoint]})
    assert made.anchors == ("full, right",)
    assert {p.codec for p in made.points} == {"full", "no-text"}
    assert backbone(NOTHING, {"twin": [checkpoint], "text": [checkpoint]}).anchors == (
        "twin, none",
    )


def test_stability_decodes_with_five_captions_and_without():
    made = stability(NOTHING, 3)
    assert made.captions[:5] == tuple(f"caption-{k}" for k in range(1, 6))
    assert {"wrong", "none"} <= set(made.captions)


@pytest.mark.parametrize("make", [ablation, backbone])
def test_one_model_alone_cannot_be_compared(make, checkpoint):
    with pytest.raises(ConfigError, match="needs 2 models or more"):
        make(NOTHING, {"full": checkpoint})


def test_a_model_may_not_take_the_name_of_a_codec(checkpoint):
    with pytest.raises(ConfigError, match="vvc is a codec of its own"):
        rate_distortion(NOTHING, {}, {"vvc": [checkpoint]})
