import dataclasses

import pytest
import torch

from sidelight.models.hific import Generator, HiFiC
from sidelight.models.presets import PRESETS

HIFIC = [name for name, config in PRESETS.items() if config.architecture == "hific"]


@pytest.fixture(scope="module")
def latents():
    torch.manual_seed(0)
    return torch.randn(2, 12, 5, 3), torch.randn(2, 16)


def test_a_fresh_generator_gives_every_text_the_same_picture(tiny_config, latents):
    y_hat, text = latents
    generator = Generator(tiny_config).eval()
    assert torch.equal(generator(y_hat, text), generator(y_hat, torch.zeros_like(text)))


def test_a_fresh_generator_is_the_one_without_ssa_blocks(tiny_config, latents):
    y_hat, text = latents
    generator = Generator(tiny_config)
    features = y_hat
    for stage in generator.stages:
        features = stage(features)
    expected = generator.to_pixels(features) + generator.linear(y_hat)
    assert torch.equal(generator(y_hat, text), expected)


def test_a_hific_loads_into_the_model_with_ssa_unchanged(make_tiny_model, tiny_config, latents):
    hific = HiFiC(dataclasses.replace(tiny_config, ssa=False)).eval()
    state = {n: v for n, v in make_tiny_model().state_dict().items() if ".ssa." not in n}
    hific.load_state_dict(state)
    model = HiFiC(tiny_config).eval()
    missing, unexpected = model.load_state_dict(hific.state_dict(), strict=False)
    assert not unexpected
    assert missing
    assert all(name.startswith("g_s.ssa.") for name in missing)
    y_hat, text = latents
    expected = hific.g_s(y_hat, text)
    for read in (text, 10 * text, torch.zeros_like(text)):
        assert torch.equal(model.g_s(y_hat, read), expected)


def test_training_starts_near_mid_gray(tiny_config, latents):
    picture = Generator(tiny_config)(*latents)
    assert abs(picture.mean() - 0.5) < 0.25


def test_text_changes_the_picture(tiny_model, latents):
    y_hat, text = latents
    generator = tiny_model.g_s.eval()
    assert (generator(y_hat, text) - generator(y_hat, -text)).abs().max() > 0.01


def test_every_ssa_block_has_its_say(tiny_model, latents):
    y_hat, text = latents
    generator = tiny_model.g_s.eval()
    picture = generator(y_hat, text)
    for block in generator.ssa:
        saved = {name: value.clone() for name, value in block.state_dict().items()}
        torch.nn.init.zeros_(block.to_gamma[-1].weight)
        torch.nn.init.zeros_(block.to_beta[-1].weight)
        assert not torch.allclose(generator(y_hat, text), picture, atol=1e-4)
        block.load_state_dict(saved)


def test_there_is_a_mask_per_stage_from_coarse_to_fine(tiny_model, latents):
    masks = tiny_model.g_s.eval().with_masks(*latents).masks
    sizes = [(5, 3), (10, 6), (20, 12), (40, 24)]
    assert [mask.shape for mask in masks] == [(2, 1, *size) for size in sizes]
    for mask in masks:
        assert 0 < mask.min() < mask.max() < 1


@pytest.mark.parametrize("name", HIFIC)
def test_every_preset_gives_16_times_the_latents_size(name):
    config = dataclasses.replace(PRESETS[name], text_width=384)
    with torch.device("meta"):
        generator = Generator(config)
        picture = generator(torch.empty(1, config.latent_channels, 4, 6), torch.empty(1, 384))
    assert picture.shape == (1, 3, 64, 96)


def test_residual_blocks_stand_where_the_config_says(tiny_config):
    config = dataclasses.replace(tiny_config, residual_blocks=(2, 0, 3, 1))
    generator = Generator(config)
    trunk, *others = generator.stages
    assert len(trunk.blocks) == 2
    assert [len(stage) - 3 for stage in others] == [0, 3, 1]
