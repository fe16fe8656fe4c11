"""Captions learn to find their pictures without forgetting what they meant."""

import pytest
import torch
from torch.nn import functional as F

from sidelight.errors import ConfigError
from sidelight.text.bundled import tokenize
from sidelight.text.network import SentenceNetwork
from sidelight.text.sentence_config import SentenceConfig
from sidelight.train.text.distillation import train_tokenizer
from sidelight.train.text.tuning import Tuning, TuningConfig, contrastive_loss

WORDS = ["dog", "cat", "horse", "bird", "cow", "sheep", "bear", "fish"]
CAPTIONS = [[f"a {a} and a {b}", f"{b} with {a}"] for a in WORDS for b in WORDS if a < b]


def make_run(**changes) -> Tuning:
    tokenizer = train_tokenizer([text for texts in CAPTIONS for text in texts], 300)
    torch.manual_seed(4)
    config = SentenceConfig(
        vocabulary=tokenizer.get_vocab_size(),
        max_tokens=8,
        width=32,
        num_layers=1,
        num_heads=2,
        hidden=64,
        text_width=16,
    )
    features = torch.stack(
        [torch.tensor([float(word in texts[0]) for word in WORDS]) for texts in CAPTIONS]
    )
    settings = {"steps": 120, "batch": 28, "learning_rate": 3e-3, "keep_weight": 0.0} | changes
    return Tuning(SentenceNetwork(config), tokenizer, features, CAPTIONS, TuningConfig(**settings))


def found(run: Tuning) -> float:
    """Returns the share of pictures whose second caption finds them."""
    run.network.eval()
    with torch.no_grad():
        vectors = run.network(
            *map(torch.from_numpy, tokenize(run._tokenizer, [texts[1] for texts in CAPTIONS]))
        )
        shown = F.normalize(run.projection(run._features), dim=1)
    best = (F.normalize(vectors, dim=1) @ shown.T).argmax(1)
    return (best == torch.arange(len(CAPTIONS))).float().mean().item()


def test_captions_learn_to_find_their_pictures():
    run = make_run()
    before = found(run)
    reports = []
    run.run(lambda step, loss: reports.append(loss), every=40)
    assert reports[-1] < reports[0]
    assert before < 0.3
    assert found(run) > 0.7


def test_the_second_term_keeps_vectors_where_they_were():
    moved = []
    for keep_weight in (0.0, 100.0):
        run = make_run(keep_weight=keep_weight, steps=40)
        run.run(lambda step, loss: None)
        run.network.eval()
        with torch.no_grad():
            now = run._vectors([text for texts in CAPTIONS for text in texts])
        moved.append((now * torch.cat(run._before)).sum(1).mean().item())
    assert moved[1] > 0.98
    assert moved[0] < moved[1] - 0.05


def test_vectors_come_in_the_order_of_their_texts():
    run = make_run()
    run.network.eval()
    texts = ["dog", "a cat and a horse and a bird", "cow", "sheep with fish"] * 40
    with torch.no_grad():
        together = run._vectors(texts)
        alone = torch.cat([run._vectors([text]) for text in texts[:4]])
    torch.testing.assert_close(together, alone.repeat(40, 1), rtol=0, atol=1e-5)


def test_contrast_is_least_where_every_row_finds_its_own():
    rows = torch.eye(4)
    assert contrastive_loss(rows, rows, 0.05) < 1e-6
    assert contrastive_loss(rows, rows.roll(1, 0), 0.05) > 10
    assert contrastive_loss(rows, torch.ones(4, 4) / 2, 0.05) == pytest.approx(1.386, abs=1e-3)


def test_one_picture_is_no_contrast():
    with pytest.raises(ConfigError, match="two pictures"):
        make_run(batch=1)
