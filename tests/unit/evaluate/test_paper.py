"""Which codecs and captions the paper's experiments ask for; nothing is coded."""

import pytest
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.stored import Checkpoint
from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.choice import CodecChoice
from sidelight.evaluate.dataset import Dataset
from sidelight.evaluate.paper import PAPER, RATE_DISTORTION, experiment

NOTHING = Dataset("nothing", ())


@pytest.fixture
def checkpoint(tiny_exported, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Checkpoint(tiny_exported, HashingTextEncoder.identity, {}))
    return path


def choices(*named: str) -> list[CodecChoice]:
    return [CodecChoice.parse(text) for text in named]


def test_rate_distortion_has_the_asked_codecs_at_the_asked_settings(checkpoint):
    asked = choices("jpeg:20,10", "webp", f"mine={checkpoint}", f"some={checkpoint}:7,3")
    points = [(p.codec, p.setting) for p in experiment(RATE_DISTORTION, NOTHING, asked).points]
    assert points[:2] == [("jpeg", "quality=10"), ("jpeg", "quality=20")]
    assert [codec for codec, _ in points[2:12]] == ["webp"] * 5 + ["mine"] * 5
    assert points[12:] == [("some", "quality=3"), ("some", "quality=7")]


def test_a_generators_checkpoint_stands_behind_a_codec(tmp_path):
    carrier = tmp_path / "a:b.safetensors"  # a colon of its own
    choice = CodecChoice.parse(f"avif+1={carrier}:25,35")
    assert choice == ("avif+1", carrier, (25, 35))
    assert choice._replace(settings=None) == CodecChoice.parse(f"avif+1={carrier}")
    assert [(p.codec, p.setting) for p in choice.points()] == [
        ("avif+1", "quality=25"),
        ("avif+1", "quality=35"),
    ]


def test_variants_are_compared_with_the_first_model(checkpoint):
    named = choices(f"full={checkpoint}", f"no-text={checkpoint}")
    made = experiment(PAPER["table1"], NOTHING, named)
    assert made.anchors == ("full, right",)
    assert {p.codec for p in made.points} == {"full", "no-text"}
    assert experiment(PAPER["figure12"], NOTHING, named).anchors == ("full, none",)


def test_stability_decodes_with_five_captions_and_without():
    made = experiment(PAPER["table2"], NOTHING)
    assert made.captions[:5] == tuple(f"caption-{k}" for k in range(1, 6))
    assert {"wrong", "none"} <= set(made.captions)
    assert experiment(PAPER["table2"], NOTHING, conditions=["none"]).captions == ("none",)


@pytest.mark.parametrize("paper", ["table1", "figure12"])
def test_one_model_alone_cannot_be_compared(paper, checkpoint):
    with pytest.raises(ConfigError, match="needs 2 codecs or more"):
        experiment(PAPER[paper], NOTHING, choices(f"full={checkpoint}"))


@pytest.mark.parametrize("text", ["", "=a", "vvc:", "vvc:a", "mine=", ":3"])
def test_what_names_no_codec_is_refused(text):
    with pytest.raises(ConfigError, match="names no codec: expected such as vvc"):
        CodecChoice.parse(text)


def test_a_model_may_not_take_the_name_of_a_codec(checkpoint):
    with pytest.raises(ConfigError, match="vvc is a codec of its own"):
        CodecChoice.parse(f"vvc={checkpoint}")
