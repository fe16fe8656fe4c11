"""What D and G are asked for, term by term."""

import pytest
import torch
from tests.tiny_config import TINY_CONFIG

from sidelight.models.discriminator import Discriminator
from sidelight.train.losses.adversarial import discriminator_loss, generator_loss, mismatched_rows

BATCH = 3


@pytest.fixture
def inputs():
    torch.manual_seed(6)
    x, x_hat = torch.rand(2, BATCH, 3, 64, 64)
    y_hat = torch.randn(BATCH, TINY_CONFIG.latent_channels, 4, 4)
    text = torch.randn(BATCH, TINY_CONFIG.text_width)
    return x, x_hat.requires_grad_(), y_hat.requires_grad_(), text, text.roll(1, 0)


@pytest.fixture
def discriminator():
    torch.manual_seed(7)
    return Discriminator(TINY_CONFIG)


def entropy(logits: torch.Tensor, answer: float) -> torch.Tensor:
    targets = torch.full_like(logits, answer)
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)


def test_the_three_terms_are_the_cross_entropies_of_equation_6(discriminator, inputs):
    x, x_hat, y_hat, text, other = inputs
    discriminator.eval()  # spectral norms stay as they are
    loss = discriminator_loss(discriminator, x, x_hat, y_hat, text, other)
    torch.testing.assert_close(loss.real, entropy(discriminator(x, y_hat, text), 1.0))
    torch.testing.assert_close(loss.fake, entropy(discriminator(x_hat, y_hat, text), 0.0))
    torch.testing.assert_close(loss.mismatched, entropy(discriminator(x, y_hat, other), 0.0))
    torch.testing.assert_close(loss.total, loss.real + loss.fake + loss.mismatched)


def test_the_discriminator_teaches_nothing_to_the_codec(discriminator, inputs):
    x, x_hat, y_hat, text, other = inputs
    discriminator_loss(discriminator, x, x_hat, y_hat, text, other).total.backward()
    assert x_hat.grad is None
    assert y_hat.grad is None
    assert all(parameter.grad is not None for parameter in discriminator.parameters())


def test_without_text_no_mismatch_is_judged(discriminator, inputs):
    x, x_hat, y_hat, text, other = inputs
    nothing = torch.zeros_like(text)
    assert discriminator_loss(discriminator, x, x_hat, y_hat, nothing, other).mismatched == 0
    assert discriminator_loss(discriminator, x, x_hat, y_hat, text, nothing).mismatched == 0
    discriminator.eval()
    one_dropped = text * torch.tensor([[1.0], [0.0], [1.0]])
    loss = discriminator_loss(discriminator, x, x_hat, y_hat, one_dropped, other)
    kept = torch.tensor([0, 2])
    judged = entropy(discriminator(x[kept], y_hat[kept], other[kept]), 0.0)
    torch.testing.assert_close(loss.mismatched, judged * 2 / 3)


def test_the_generator_is_asked_to_be_called_real(discriminator, inputs):
    _, x_hat, y_hat, text, _ = inputs
    discriminator.eval()
    loss = generator_loss(discriminator, x_hat, y_hat, text)
    assert loss.shape == (BATCH,)
    torch.testing.assert_close(loss.mean(), entropy(discriminator(x_hat, y_hat, text), 1.0))
    loss.mean().backward()
    assert x_hat.grad.abs().max() > 0
    assert y_hat.grad is None  # the latent is a condition, not something to be improved


def test_steps_of_the_discriminator_tell_real_pictures_from_fakes(discriminator, inputs):
    x, _, y_hat, text, other = inputs
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = discriminator_loss(discriminator, x, 0.1 * x, y_hat, text, other)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append(float((loss.real + loss.fake).detach()))
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize(
    ("ids", "rows"),
    [([1, 2, 3], [1, 2, 0]), ([1, 1, 2], [2, 2, 0]), ([5, 6, 6, 5], [1, 3, 3, 1])],
)
def test_another_caption_is_never_one_of_the_same_picture(ids, rows):
    picked = mismatched_rows(torch.tensor(ids))
    assert picked.tolist() == rows
    assert (torch.tensor(ids)[picked] != torch.tensor(ids)).all()


@pytest.mark.parametrize("ids", [[4], [4, 4, 4]])
def test_a_batch_of_one_picture_has_no_mismatch(ids):
    with pytest.raises(ValueError, match="two different pictures"):
        mismatched_rows(torch.tensor(ids))
