"""TGIC: its caption acts in every part, is never needed, and reaches the prior by sums alone."""

import pytest
import torch
from tests.unit.models.test_complexity import millions, multiply_adds
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.models.base import HyperpriorCodec
from sidelight.models.config import DiscriminatorConfig, TGICConfig
from sidelight.models.hific import HiFiC
from sidelight.models.presets import PRESETS
from sidelight.models.tgic import TGIC
from sidelight.text.encoder import embed_captions
from sidelight.text.word_pieces import WordPieceEncoder

TINY = TGICConfig(
    name="tiny-tgic",
    hyper_channels=8,
    latent_channels=12,
    text_width=6,
    text_hidden=8,
    vocabulary=20,
    discriminator=DiscriminatorConfig(widths=(8, 8, 16, 16)),
)
TEXT = torch.tensor([[3, 4, 5, 0, 0, 0], [19, 2, 3, 3, 7, 8], [0] * 6]).float()
OTHER = torch.tensor([[6, 4, 5, 1, 0, 0], [0] * 6, [9, 2, 0, 0, 0, 0]]).float()


@pytest.fixture
def fresh() -> TGIC:
    torch.manual_seed(4)
    return TGIC(TINY)


@pytest.fixture
def model(fresh) -> TGIC:
    """Weights that leave no path unused."""
    with torch.no_grad():
        for name, parameter in fresh.named_parameters():
            if "to_features" in name:
                parameter.normal_(0, 0.3)
        fresh.word_rows.weight[1:].normal_(0, 0.5)
        fresh.h_a[-1].weight.mul_(20)
        fresh.h_s[-1].weight.mul_(4)
        fresh.h_s[-1].bias[: TINY.latent_channels].add_(1)
        fresh.g_a.stage16[-1].weight.mul_(6)
    return fresh


@pytest.fixture
def x() -> Tensor:
    torch.manual_seed(5)
    return torch.rand(3, 3, 2, 2).repeat_interleave(32, 2).repeat_interleave(64, 3)


def parts(model: TGIC, x: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Returns y, the prior's parameters and the picture, each by the same latents."""
    torch.manual_seed(6)
    z_hat, y_hat = torch.randn(3, 8, 1, 2).round(), torch.randn(3, 12, 4, 8)
    with torch.no_grad():
        return (
            model.analyse(x, text),
            model.hyper_synthesis(z_hat, text),
            model.synthesise(y_hat, text),
        )


def test_a_caption_changes_latent_prior_and_picture(model, x):
    for first, second in zip(parts(model, x, TEXT), parts(model, x, OTHER), strict=True):
        assert (first - second).abs().flatten(1).amax(1).min() > 1e-3


def test_a_fresh_model_is_the_same_for_every_caption(fresh, x):
    for first, second in zip(parts(fresh, x, TEXT), parts(fresh, x, OTHER), strict=True):
        assert torch.equal(first, second)


def test_each_picture_has_its_own_caption_alone_as_in_a_batch(model, x):
    together = parts(model, x, TEXT)
    swapped = parts(model, x, TEXT.roll(1, 0))
    alone = parts(model, x, TEXT[1:2].expand(3, -1))
    for whole, other, single in zip(together, swapped, alone, strict=True):
        torch.testing.assert_close(whole[1], single[1])
        assert not torch.allclose(other[1], single[1], atol=1e-3)


def test_the_order_of_words_acts_in_the_picture_but_not_in_the_prior(model, x):
    y, prior, x_hat = parts(model, x, TEXT[:1].expand(3, -1))
    y_other, prior_other, x_hat_other = parts(model, x, TEXT[:1, [1, 0, 2, 3, 4, 5]].expand(3, -1))
    torch.testing.assert_close(prior, prior_other)
    assert not torch.allclose(y, y_other, atol=1e-4)
    assert not torch.allclose(x_hat, x_hat_other, atol=1e-4)


@torch.no_grad()
def test_the_prior_reads_z_moved_by_the_row_of_every_word(model):
    z_hat = torch.randn(3, 8, 2, 1).round()
    rows = model.word_rows.weight
    moved = z_hat.clone()
    for b, ids in enumerate(TEXT.int().tolist()):
        for word in ids:
            if word:
                moved[b] += rows[word, :, None, None]  # twice where it stands twice
    torch.testing.assert_close(model.hyper_synthesis(z_hat, TEXT), model.h_s(moved))


def test_the_prior_is_made_of_layers_that_integers_can_do(fresh):
    kinds = {nn.Conv2d, nn.ConvTranspose2d, nn.ReLU, nn.LeakyReLU, nn.PixelShuffle}
    assert {type(layer) for layer in fresh.h_s} <= kinds
    assert fresh.context is fresh.entropy_parameters is None


def test_every_weight_learns(model, x):
    output = model(x, TEXT, torch.zeros(3))
    loss = output.bpp.sum() + output.x_hat.square().sum() + output.consistency.sum()
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    assert [n for n, p in model.named_parameters() if p.grad.abs().max() == 0] == []


def test_the_loss_falls_and_padding_keeps_its_row_of_zeros(fresh, x):
    x = x[..., :64]
    optimizer = torch.optim.Adam(fresh.parameters(), lr=5e-3)
    losses = []
    for _ in range(30):
        output = fresh(x, TEXT, torch.zeros(3))
        mse = (output.x_hat - x).square().mean((1, 2, 3))
        loss = (output.bpp + 50 * mse + 0.1 * output.consistency).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert fresh.word_rows.weight[0].abs().max() == 0
    assert fresh.word_rows.weight[19].abs().min() > 0  # a word of the captions
    assert fresh.word_rows.weight[11].abs().max() == 0  # a word that was never seen


def test_the_consistency_term_belongs_to_training(model, x):
    output = model(x, TEXT, torch.zeros(3))
    assert output.consistency.shape == (3,)
    assert output.consistency[:2].min() > output.consistency[2] > 0  # the last has no caption
    assert model.eval()(x, TEXT, torch.zeros(3)).consistency is None


def test_bfloat16_changes_the_rate_by_little(model, x):
    torch.manual_seed(2)
    full = model(x, TEXT, torch.zeros(3))
    torch.manual_seed(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(x, TEXT, torch.zeros(3))
    assert output.bpp.dtype == output.x_hat.dtype == output.consistency.dtype == torch.float32
    torch.testing.assert_close(output.bpp, full.bpp, rtol=0.03, atol=0)
    torch.testing.assert_close(output.consistency, full.consistency, rtol=0.1, atol=0.02)


def test_only_this_codec_makes_files_with_the_caption():
    assert TGIC.encoder_reads_text
    assert not HyperpriorCodec.encoder_reads_text
    assert not HiFiC.encoder_reads_text


@pytest.mark.parametrize("preset", ["tgic", "tgic-small"])
def test_a_preset_reads_what_the_text_encoder_gives(preset):
    config, encoder = PRESETS[preset], WordPieceEncoder()
    assert (config.text_width, config.vocabulary) == (encoder.width, encoder.vocabulary)
    text = torch.from_numpy(embed_captions(["A turtle.", None], encoder, encoder.width))
    rows = F.embedding(text.long(), torch.eye(config.vocabulary))
    assert rows.sum((1, 2)).tolist() == [32, 32]


@pytest.mark.parametrize(
    ("preset", "weights", "encode", "decode"),
    [("tgic", 24.1, 3.13, 8.25), ("tgic-small", 6.46, 0.84, 2.14)],
)
def test_weights_and_multiplications_are_those_that_the_documentation_states(
    preset, weights, encode, decode
):
    config = PRESETS[preset]
    with torch.device("meta"):
        model = TGIC(config)
        x, text = torch.empty(1, 3, 256, 256), torch.empty(1, config.text_width)
        y = torch.empty(1, config.latent_channels, 16, 16)
        z = torch.empty(1, config.hyper_channels, 4, 4)

    def encode_one() -> None:
        model.h_a(model.analyse(x, text))
        model.hyper_synthesis(z, text)

    def decode_one() -> None:
        model.hyper_synthesis(z, text)
        model.synthesise(y, text)

    assert millions(model) == pytest.approx(weights, rel=0.005)
    assert multiply_adds(model, encode_one) == pytest.approx(encode, rel=0.005)
    assert multiply_adds(model, decode_one) == pytest.approx(decode, rel=0.005)
