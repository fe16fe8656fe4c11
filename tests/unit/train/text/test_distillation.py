"""A student that learns a teacher's vectors."""

import pytest
import torch
from torch.nn import functional as F

from sidelight.errors import ConfigError
from sidelight.text.bundled import PADDING, tokenize
from sidelight.text.network import SentenceNetwork
from sidelight.text.sentence_config import SentenceConfig
from sidelight.train.text.distillation import (
    Distillation,
    DistillationConfig,
    distillation_loss,
    train_tokenizer,
)

COLOURS = ["red", "green", "blue", "black", "white", "brown", "yellow", "gray"]
ANIMALS = ["dog", "cat", "horse", "bird", "cow", "sheep", "bear", "fish"]
SENTENCES = [f"a {colour} {animal}" for colour in COLOURS for animal in ANIMALS]


def teacher_vectors() -> torch.Tensor:
    # one direction per word, so that a sentence's vector follows from its words
    words = torch.eye(16)
    return torch.stack([words[k // 8] + words[8 + k % 8] for k in range(64)])


def make_run(**changes) -> Distillation:
    tokenizer = train_tokenizer(SENTENCES, 320)
    torch.manual_seed(1)
    config = SentenceConfig(
        vocabulary=tokenizer.get_vocab_size(),
        max_tokens=8,
        width=32,
        num_layers=1,
        num_heads=2,
        hidden=64,
        text_width=16,
    )
    settings = {"steps": 150, "batch": 32, "learning_rate": 3e-3, "warmup_steps": 10} | changes
    return Distillation(
        SentenceNetwork(config),
        tokenizer,
        SENTENCES,
        teacher_vectors(),
        DistillationConfig(**settings),
    )


def test_the_student_finds_the_sentence_that_the_teacher_means():
    run = make_run()
    reports = []
    run.run(lambda step, loss: reports.append((step, loss)), every=50)
    assert [step for step, _ in reports] == [50, 100, 150]
    assert reports[-1][1] < 0.5 * reports[0][1]
    run.network.eval()
    with torch.no_grad():
        vectors = run.network(*map(torch.from_numpy, tokenize(run._tokenizer, SENTENCES)))
    likeness = F.normalize(vectors, dim=1) @ F.normalize(teacher_vectors(), dim=1).T
    assert (likeness.argmax(1) == torch.arange(64)).float().mean() > 0.9


def test_the_same_seed_gives_the_same_run():
    losses = [[run.take_step() for _ in range(3)] for run in (make_run(), make_run())]
    assert losses[0] == losses[1]


def test_a_student_like_its_teacher_has_no_loss():
    target = F.normalize(torch.randn(6, 8), dim=1)
    kinds = {"relation_weight": 1.0, "temperature": 0.05}
    assert distillation_loss(3 * target, target, **kinds).abs() < 1e-5
    assert distillation_loss(-target, target, **kinds) > 1.9


def test_likeness_alone_tells_a_rotation_from_a_scramble():
    torch.manual_seed(2)
    target = F.normalize(torch.randn(12, 8), dim=1)
    rotation, _ = torch.linalg.qr(torch.randn(8, 8))
    kinds = {"temperature": 0.05}
    turned, scrambled = (
        distillation_loss(v, target, relation_weight=1.0, **kinds)
        - distillation_loss(v, target, relation_weight=0.0, **kinds)
        for v in (target @ rotation, target[torch.randperm(12)])
    )
    assert turned.abs() < 1e-4
    assert scrambled > 0.01


def test_pieces_are_learned_and_every_text_has_some():
    tokenizer = train_tokenizer(SENTENCES, 320)
    assert tokenizer.token_to_id(PADDING) == 0
    assert len(tokenizer.encode("a brown horse").ids) == 3
    assert tokenizer.encode("A BROWN horse").ids == tokenizer.encode("a brown horse").ids
    odd = "\U0001f600 na\xefve \u72ac"
    assert tokenizer.decode(tokenizer.encode(odd).ids).strip() == odd


def test_dropped_words_never_leave_a_sentence_empty():
    run = make_run(word_dropout=0.99)
    assert all(run._some_words("dog") == "dog" for _ in range(200))


@pytest.mark.parametrize("changes", [{"batch": 1}, {"word_dropout": 1.0}])
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(ConfigError):
        make_run(**changes)


def test_a_run_that_was_cut_ends_as_one_that_was_not(tmp_path):
    whole, cut, resumed = (make_run(steps=8, warmup_steps=2) for _ in range(3))
    whole.run(lambda step, loss: None)
    checkpoint = tmp_path / "run.pt"
    with pytest.raises(KeyboardInterrupt):
        cut.run(interrupt_at(4), checkpoint, every=2)
    reports = []
    resumed.run(lambda step, loss: reports.append(step), checkpoint, every=2)
    assert reports == [4, 6, 8]  # step 4 was told before it was saved
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name


def interrupt_at(last: int):
    def report(step: int, loss: float) -> None:
        if step == last:
            raise KeyboardInterrupt

    return report
