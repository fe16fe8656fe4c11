"""The other learned codecs: sizes as published, and what holds for all of them."""

import dataclasses

import pytest
import torch
from tests.tiny_codecs import TINY_CODECS, tiny_codec
from torch import nn

from sidelight.models.hific import HiFiC
from sidelight.models.presets import PRESETS
from sidelight.models.registry import build_model
from sidelight.nn.masked import MaskedConv2d


def conv(kernel: int, fan_in: int, fan_out: int) -> int:
    return kernel**2 * fan_in * fan_out + fan_out


def gdn(channels: int) -> int:
    return channels**2 + channels


def prior(channels: int) -> int:
    """3 + 9 + 9 + 9 + 3 matrix entries, 3 + 3 + 3 + 3 + 1 biases, 4 * 3 factors."""
    return 58 * channels


def balle_transforms(n: int, m: int) -> int:
    analysis = conv(5, 3, n) + 2 * conv(5, n, n) + conv(5, n, m) + 3 * gdn(n)
    synthesis = conv(5, m, n) + 2 * conv(5, n, n) + conv(5, n, 3) + 3 * gdn(n)
    return analysis + synthesis


def balle2018(n: int, m: int) -> int:
    hyper = conv(3, m, n) + 2 * conv(5, n, n) + 2 * conv(5, n, n) + conv(3, n, m)
    return balle_transforms(n, m) + hyper + prior(n)


def minnen2018_mean_scale(n: int, m: int) -> int:
    h_a = conv(3, m, n) + 2 * conv(5, n, n)
    h_s = conv(5, n, m) + conv(5, m, m * 3 // 2) + conv(3, m * 3 // 2, 2 * m)
    return balle_transforms(n, m) + h_a + h_s + prior(n)


def context_and_parameters(m: int) -> int:
    wide, narrow = m * 10 // 3, m * 8 // 3
    joining = conv(1, 4 * m, wide) + conv(1, wide, narrow) + conv(1, narrow, 2 * m)
    return conv(5, m, 2 * m) + joining


def minnen2018(n: int, m: int) -> int:
    return minnen2018_mean_scale(n, m) + context_and_parameters(m)


def cheng2020(n: int, m: int) -> int:
    half = n // 2
    bottleneck = conv(1, n, half) + conv(3, half, half) + conv(1, half, n)
    attention = 6 * bottleneck + conv(1, n, n)
    residual = 2 * conv(3, n, n)
    first = conv(3, 3, n) + conv(3, n, n) + gdn(n) + conv(1, 3, n)
    halving = 2 * conv(3, n, n) + gdn(n) + conv(1, n, n)
    doubling = 2 * conv(3, n, 4 * n) + conv(3, n, n) + gdn(n)
    g_a = first + 2 * halving + 3 * residual + conv(3, n, n) + 2 * attention
    g_s = 3 * doubling + 4 * residual + conv(3, n, 12) + 2 * attention
    wide = n * 3 // 2
    h_s = conv(3, n, n) + conv(3, n, 4 * n) + conv(3, n, wide) + conv(3, wide, 4 * wide)
    hyper = 5 * conv(3, n, n) + h_s + conv(3, wide, 2 * n)
    return g_a + g_s + hyper + context_and_parameters(m) + prior(n)


BY_LAYERS = {
    "balle2018": balle2018,
    "minnen2018-mean-scale": minnen2018_mean_scale,
    "minnen2018": minnen2018,
    "cheng2020": cheng2020,
}
PUBLISHED_MILLIONS = {
    "balle2018-low": 5.08,
    "balle2018-high": 11.82,
    "minnen2018-mean-scale-low": 7.03,
    "minnen2018-mean-scale-high": 17.56,
    "minnen2018-low": 14.13,
    "minnen2018-high": 25.50,
    "cheng2020-low": 13.18,
    "cheng2020-high": 29.63,
}


def num_weights(config) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in build_model(config).parameters())


@pytest.mark.parametrize(
    "name", [n for n, config in PRESETS.items() if config.architecture in BY_LAYERS]
)
def test_a_preset_has_the_weights_of_its_layers(name):
    config = PRESETS[name]
    expected = BY_LAYERS[config.architecture](config.hyper_channels, config.latent_channels)
    assert num_weights(config) == expected
    if name in PUBLISHED_MILLIONS:
        # the published count has three quantiles per channel of z besides
        published = (expected + 3 * config.hyper_channels) / 1e6
        assert published == pytest.approx(PUBLISHED_MILLIONS[name], abs=0.005)


def test_ssa_blocks_add_their_weights_and_nothing_else():
    plain = PRESETS["cheng2020-low"]
    n, t, hidden, m = 128, 512, 256, 100
    mlp = conv(1, t, hidden) + conv(1, hidden, n)
    block = conv(3, n, m) + 2 * m + conv(1, m, 1) + 2 * mlp
    with_ssa = dataclasses.replace(plain, ssa=True)
    assert num_weights(with_ssa) - num_weights(plain) == 4 * block


@pytest.fixture(params=TINY_CODECS)
def model(request):
    torch.manual_seed(0)
    return build_model(TINY_CODECS[request.param])


X = torch.rand(2, 3, 64, 128, generator=torch.Generator().manual_seed(1))
TEXT = torch.randn(2, 16, generator=torch.Generator().manual_seed(2))


def test_a_pass_gives_pictures_latents_and_rates(model):
    output = model(X, TEXT, torch.zeros(2))
    assert output.x_hat.shape == X.shape
    assert output.y_hat.shape == (2, model.config.latent_channels, 4, 8)
    assert (output.bpp > 0).all()
    assert (output.bpp_rounded > 0).all()


def test_every_weight_learns(model):
    output = model(X, TEXT, torch.zeros(2))
    (output.bpp.sum() + (output.x_hat - X).square().mean()).backward()
    idle = [name for name, p in model.named_parameters() if p.grad is None]
    assert not idle


def test_training_starts_near_mid_gray(model):
    assert abs(model(X, TEXT, torch.zeros(2)).x_hat.mean() - 0.5) < 0.25


@pytest.mark.parametrize("name", [name for name in TINY_CODECS if "ssa" not in name])
def test_a_picture_is_learned_in_40_steps(name):
    torch.manual_seed(0)
    model = build_model(TINY_CODECS[name])
    angle = torch.linspace(0, 6, 64)
    waves = [torch.sin(angle[:, None] + k) * torch.cos(angle) for k in range(3)]
    x = 0.5 + 0.4 * torch.stack(waves)[None]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    errors = []
    for _ in range(40):
        output = model(x, TEXT[:1], torch.zeros(1))
        error = (255 * (output.x_hat - x)).square().mean()
        optimizer.zero_grad()
        (0.05 * output.bpp.mean() + 0.0023 * error).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        errors.append(float(error.detach()))
    assert errors[-1] < 0.5 * errors[0]


def test_two_halvings_lead_to_z_and_two_doublings_back(model):
    y = model.analyse(X, TEXT)
    z = model.h_a(y)
    assert z.shape == (2, model.config.hyper_channels, 1, 2)
    assert model.hyper_synthesis(z, TEXT).shape[2:] == y.shape[2:]


def plain_layers(network: nn.Module):
    for layer in network.children():
        if isinstance(layer, nn.Sequential):
            yield from plain_layers(layer)
        else:
            yield layer


def test_what_decoding_needs_bit_exactly_is_made_of_few_kinds_of_layer(model):
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.ReLU, nn.LeakyReLU, nn.PixelShuffle)
    networks = [n for n in (model.h_s, model.entropy_parameters) if n is not None]
    assert networks
    for network in networks:
        assert type(network) is nn.Sequential
        assert all(type(layer) in kinds for layer in plain_layers(network))


def test_balles_hyperprior_tells_scales_only_and_reads_magnitudes():
    torch.manual_seed(0)
    model = build_model(tiny_codec("balle2018"))
    y = torch.randn(1, 12, 4, 8)
    assert torch.equal(model.h_a(y), model.h_a(-y))
    hyper = model.hyper_synthesis(model.h_a(y), TEXT[:1])
    means, scales = model.means_and_scales(hyper, y)
    assert (means == 0).all()
    assert (scales >= 0.11).all()


@pytest.mark.parametrize("architecture", ["minnen2018", "cheng2020"])
def test_means_and_scales_read_what_is_decoded_before(architecture):
    torch.manual_seed(0)
    model = build_model(tiny_codec(architecture))
    assert isinstance(model.context, MaskedConv2d)
    with torch.no_grad():
        model.entropy_parameters[-1].bias.add_(1.0)  # scales above their bound
    m = model.config.latent_channels
    hyper, y_hat = torch.randn(1, 2 * m, 3, 4), torch.randn(1, m, 3, 4)
    changed = y_hat.clone()
    changed[..., 1, 1] += 5.0
    pairs = zip(
        model.means_and_scales(hyper, y_hat), model.means_and_scales(hyper, changed), strict=True
    )
    for before, after in pairs:
        moved = (before != after).any(1)[0].flatten().nonzero().flatten().tolist()
        # position 5 of 3 rows of 4; its window reaches two to either side and two below
        assert moved == [6, 7, 8, 9, 10, 11]


def test_a_hyper_latent_around_other_medians_is_shifted_back():
    config = tiny_codec("minnen2018")
    torch.manual_seed(0)
    plain = build_model(config)
    shifted = build_model(dataclasses.replace(config, shifted_hyper=True))
    for own, layer in zip(list(shifted.h_s)[1:], plain.h_s, strict=True):
        own.load_state_dict(layer.state_dict())
    medians = torch.randn(8)
    with torch.no_grad():
        shifted.h_s[0].weight.copy_(torch.eye(8)[:, :, None, None])
        shifted.h_s[0].bias.copy_(medians)
    z = torch.randn(1, 8, 2, 3).round()
    expected = plain.hyper_synthesis(z + medians[:, None, None], TEXT[:1])
    torch.testing.assert_close(shifted.hyper_synthesis(z, TEXT[:1]), expected)


def test_a_model_config_builds_the_papers_own_model(tiny_config):
    assert isinstance(build_model(tiny_config), HiFiC)
