"""Pictures that attend to words: which words act, where, and how much."""

import pytest
import torch
from torch import Tensor, nn

from sidelight.nn.word_attention import (
    ImageRequestComplement,
    ImageTextAttention,
    WordAttention,
    Words,
)

CHANNELS, WIDTH = 6, 4
KINDS = (ImageTextAttention, ImageRequestComplement)


@pytest.fixture
def words() -> Words:
    torch.manual_seed(2)
    attended = torch.tensor([[True, True, True, False, False], [True] * 5])
    return Words(torch.randn(2, 5, WIDTH), attended)


@pytest.fixture
def x() -> Tensor:
    torch.manual_seed(3)
    return torch.randn(2, CHANNELS, 5, 7)


def make(kind: type[nn.Module], *, active: bool = True) -> nn.Module:
    torch.manual_seed(1)
    module = kind(CHANNELS, WIDTH)
    if active:
        for parameter in module.parameters():
            nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_module_is_the_identity_and_learns_from_the_words(kind, x, words):
    module = make(kind, active=False)
    changed = module(x, words)
    assert torch.equal(changed, x)
    changed.square().sum().backward()
    assert module.to_features.weight.grad.abs().min() > 0


@torch.no_grad()
def test_the_context_is_the_softmax_weighted_mean_of_attended_values(x, words):
    attention = make(WordAttention)
    context = attention(x, words)
    queries = attention.to_queries(attention.norm(x))
    keys, values = attention.to_keys_values(words.states).split(WIDTH, dim=2)
    for b, count in ((0, 3), (1, 5)):
        for row, column in ((0, 0), (4, 6), (2, 3)):
            fits = keys[b, :count] @ queries[b, :, row, column] / WIDTH**0.5
            expected = torch.softmax(fits, 0) @ values[b, :count]
            torch.testing.assert_close(context[b, :, row, column], expected, rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_complement_is_added_as_far_as_it_is_requested(x, words):
    module = make(ImageRequestComplement)
    module.to_request.weight.mul_(0.2)
    complement = module.to_features(module.attention(x, words))
    request = ((module(x, words) - x) / complement).mean(1)
    assert 0 < request.min() < 0.3 < 0.7 < request.max() < 1
    torch.testing.assert_close(module(x, words), x + request[:, None] * complement)


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_padding_says_nothing(kind, x, words):
    module = make(kind)
    other = words.states + 100 * torch.randn_like(words.states) * ~words.attended[..., None]
    assert not torch.equal(other, words.states)
    torch.testing.assert_close(module(x, words._replace(states=other)), module(x, words))


@torch.no_grad()
@pytest.mark.parametrize(("kind", "reach"), [(ImageTextAttention, 0), (ImageRequestComplement, 1)])
def test_no_position_sees_beyond_its_neighbours(kind, reach, x, words):
    module = make(kind)
    other = x.clone()
    other[:, :, 2, 3] += 1
    moved = (module(other, words) != module(x, words)).any(1)
    assert moved[:, 2, 3].all()
    moved[:, 2 - reach : 3 + reach, 3 - reach : 4 + reach] = False
    assert not moved.any()
