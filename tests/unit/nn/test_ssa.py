import pytest
import torch
from torch import Tensor, nn

from sidelight.nn.ssa import SSABlock


def make_block(channels: int = 6, text_width: int = 5, *, active: bool = True) -> SSABlock:
    torch.manual_seed(1)
    block = SSABlock(channels, text_width=text_width, text_hidden=4, mask_channels=3)
    with torch.no_grad():
        block.norm.running_mean.normal_()
        block.norm.running_var.uniform_(0.5, 2)
        if active:
            for mlp in (block.to_gamma, block.to_beta):
                mlp[-1].weight.normal_()
                mlp[-1].bias.normal_()
    return block.eval()


@pytest.mark.parametrize("train", [True, False])
def test_a_fresh_block_is_the_identity_for_every_text(train):
    block = make_block(active=False).train(train)
    x = torch.randn(3, 6, 8, 8)
    for text in (torch.zeros(3, 5), torch.randn(3, 5), 100 * torch.randn(3, 5)):
        assert torch.equal(block(x, text), x)


def test_a_fresh_block_learns_from_its_text():
    block = make_block(active=False)
    block(torch.randn(2, 6, 4, 4), torch.randn(2, 5)).square().sum().backward()
    assert block.to_gamma[-1].bias.grad.abs().min() > 0
    assert block.to_beta[-1].bias.grad.abs().min() > 0


def test_the_change_is_equation_2_on_top_of_the_input():
    block = make_block()
    x, text = torch.randn(2, 6, 4, 3), torch.randn(2, 5)
    normalised = (x - block.norm.running_mean[:, None, None]) / (
        block.norm.running_var[:, None, None] + 1e-5
    ).sqrt()
    gamma, beta = block.to_gamma(text), block.to_beta(text)
    mask = block.predict_mask(x)
    expected = x.clone()
    for b in range(2):
        for c in range(6):
            affine = gamma[b, c] * normalised[b, c] + beta[b, c]
            expected[b, c] += mask[b, 0] * affine
    torch.testing.assert_close(block(x, text), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_text_fades_to_a_share_of_what_it_changes_and_none_stays_as_it_was(share):
    block, x = make_block(), torch.randn(2, 6, 4, 4)
    texts = torch.zeros(2, 5), torch.randn(2, 5)
    without, with_text = (block(x, text) for text in texts)
    block.fade_text(share)
    faded_without, faded = (block(x, text) for text in texts)
    torch.testing.assert_close(faded_without, without)
    torch.testing.assert_close(faded - without, share * (with_text - without))


def test_the_mask_lies_between_0_and_1_and_ignores_the_text():
    block = make_block()
    mask = block.predict_mask(torch.randn(2, 6, 9, 7))
    assert mask.shape == (2, 1, 9, 7)
    assert 0 < mask.min() < mask.max() < 1


def test_where_the_mask_is_0_the_text_cannot_act():
    block, x = make_block(), torch.randn(2, 6, 4, 4)
    closed = torch.zeros(2, 1, 4, 4)
    assert torch.equal(block.modulate(x, torch.randn(2, 5), closed), x)


def test_in_eval_mode_a_picture_is_alike_alone_and_in_a_batch():
    block, x, text = make_block(), torch.randn(4, 6, 8, 8), torch.randn(4, 5)
    alone = torch.cat([block(x[k : k + 1], text[k : k + 1]) for k in range(4)])
    torch.testing.assert_close(block(x, text), alone, rtol=0, atol=1e-5)


def test_in_train_mode_the_statistics_follow_the_batch():
    block = make_block().train()
    before = block.norm.running_mean.clone()
    block(torch.randn(4, 6, 8, 8) + 10, torch.randn(4, 5))
    assert (block.norm.running_mean > before).all()


@pytest.mark.parametrize(("channels", "text_width"), [(1, 1), (3, 512), (17, 2)])
def test_the_block_fits_any_width_and_any_text(channels, text_width):
    block = make_block(channels, text_width)
    x = torch.randn(2, channels, 5, 3)
    changed = block(x, torch.randn(2, text_width))
    assert changed.shape == x.shape
    assert not torch.equal(changed, x)


def test_text_moves_every_picture_by_its_own_vector():
    block, x = make_block(), torch.randn(1, 6, 4, 4).expand(2, -1, -1, -1)
    text = torch.randn(2, 5)
    first, second = block(x, text)
    swapped: Tensor = block(x, text.flip(0))
    assert not torch.allclose(first, second)
    torch.testing.assert_close(swapped, torch.stack([second, first]))


def test_the_norms_are_batch_norms_as_in_the_paper():
    block = make_block()
    assert isinstance(block.norm, nn.BatchNorm2d)
    assert not block.norm.affine
