"""SSA in the second codec (paper section 4.5)."""

import pytest
import torch
from tests.tiny_codecs import tiny_codec

from sidelight.models.registry import build_model
from sidelight.nn.ssa import SSABlock


@pytest.fixture
def plain():
    torch.manual_seed(0)
    return build_model(tiny_codec("cheng2020")).eval()


@pytest.fixture
def with_ssa(plain):
    """The same weights, with fresh SSA blocks."""
    model = build_model(tiny_codec("cheng2020", ssa=True)).eval()
    missing, unexpected = model.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected
    assert {name.split(".")[0] for name in missing} == {"ssa"}
    return model


Y_HAT = torch.randn(2, 8, 3, 4, generator=torch.Generator().manual_seed(1))
TEXT = torch.randn(2, 16, generator=torch.Generator().manual_seed(2))


def let_text_act(model) -> None:
    with torch.no_grad():
        for block in model.ssa:
            for mlp in (block.to_gamma, block.to_beta):
                mlp[-1].weight.normal_(0, 0.5)


def test_with_fresh_ssa_blocks_it_is_the_same_codec_for_any_text(plain, with_ssa):
    expected = plain.synthesise(Y_HAT, TEXT)
    for text in (TEXT, torch.zeros_like(TEXT)):
        assert torch.equal(with_ssa.synthesise(Y_HAT, text), expected)


def test_four_blocks_of_the_one_kind_stand_behind_the_stages(with_ssa):
    assert [type(block) for block in with_ssa.ssa] == [SSABlock] * 4
    sizes = []
    for block in with_ssa.ssa:
        block.mask.register_forward_pre_hook(lambda _, x: sizes.append(tuple(x[0].shape[1:])))
    with_ssa.synthesise(Y_HAT, TEXT)
    # S1 to S3 double; the fourth block stands before the picture's sub-pixel convolution
    assert sizes == [(8, 6, 8), (8, 12, 16), (8, 24, 32), (8, 24, 32)]


def test_text_changes_the_picture_through_every_block(with_ssa):
    let_text_act(with_ssa)
    picture = with_ssa.synthesise(Y_HAT, TEXT)
    assert (picture - with_ssa.synthesise(Y_HAT, -TEXT)).abs().max() > 1e-3
    for block in with_ssa.ssa:
        kept = {name: value.clone() for name, value in block.state_dict().items()}
        for mlp in (block.to_gamma, block.to_beta):
            torch.nn.init.zeros_(mlp[-1].weight)
        assert not torch.allclose(with_ssa.synthesise(Y_HAT, TEXT), picture, atol=1e-5)
        block.load_state_dict(kept)


def test_latents_and_their_rates_never_see_the_text(with_ssa):
    let_text_act(with_ssa)
    x = torch.rand(2, 3, 64, 64)
    outputs = []
    for text in (TEXT, -TEXT):
        torch.manual_seed(3)
        outputs.append(with_ssa(x, text, torch.zeros(2)))
    assert torch.equal(outputs[0].y_hat, outputs[1].y_hat)
    assert torch.equal(outputs[0].bpp, outputs[1].bpp)
    assert not torch.equal(outputs[0].x_hat, outputs[1].x_hat)
