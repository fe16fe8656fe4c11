import math

import pytest
import torch

from sidelight.models.semantic_consistency import SemanticConsistency, contrast


@pytest.fixture
def loss() -> SemanticConsistency:
    torch.manual_seed(1)
    return SemanticConsistency(8)


TOLD = torch.tensor([True, True, True])


def test_pairs_that_fit_cost_little_and_swapped_ones_much():
    sentences = 3 * torch.eye(3, 8)
    fitting = contrast(7 * sentences, sentences, TOLD)
    # logits 10 on the diagonal, 0 beside it
    expected = math.log(1 + 2 * math.exp(-10))
    assert fitting.tolist() == pytest.approx([expected] * 3, abs=1e-6)
    assert contrast(sentences.roll(1, 0), sentences, TOLD).tolist() == pytest.approx(
        [10 + expected] * 3, abs=1e-4
    )


def test_pairs_that_cannot_be_told_apart_cost_the_logarithm_of_their_number():
    same = torch.ones(3, 8)
    assert contrast(same, same, TOLD).tolist() == pytest.approx([math.log(3)] * 3)


def test_a_picture_without_caption_costs_nothing_and_its_sentence_misleads_nobody():
    pictures, sentences = torch.eye(3, 8), torch.eye(3, 8)
    told = torch.tensor([True, True, False])
    sentences[2] = sentences[0]  # would be as good a caption for the first picture
    cost = contrast(pictures, sentences, told)
    assert cost[2] == 0
    assert cost[0] < 0.001
    assert contrast(pictures, sentences, ~TOLD).tolist() == [0, 0, 0]


def test_a_perfect_reconstruction_without_caption_costs_nothing(loss):
    x, sentences = torch.rand(3, 3, 64, 64), torch.randn(3, 8)
    assert loss(x, x, sentences, ~TOLD).abs().max() < 1e-6
    assert loss(x, x.flip(0), sentences, ~TOLD)[[0, 2]].min() > 1e-4


def test_the_real_pictures_teach_the_looks_but_are_no_aim_that_moves(loss):
    x = torch.rand(3, 3, 64, 64, requires_grad=True)
    x_hat = torch.rand(3, 3, 64, 64, requires_grad=True)
    sentences = torch.randn(3, 8, requires_grad=True)
    loss(x, x_hat, sentences, ~TOLD).sum().backward()
    assert x.grad.abs().max() == 0  # the image-image term
    assert x_hat.grad.abs().max() > 0
    loss(x, x_hat, sentences, TOLD).sum().backward()
    assert x.grad.abs().max() > 0  # the image-text term
    assert sentences.grad.abs().min() > 0
