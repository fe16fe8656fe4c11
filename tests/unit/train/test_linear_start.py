"""The linear paths begin as a projection on the strongest components of the training blocks."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.tiny_config import TINY_CONFIG

from sidelight.models.hific import HiFiC
from sidelight.nn.linear_path import BLOCK_VALUES
from sidelight.train.data.pictures import CaptionedImage
from sidelight.train.linear_start import principal_components, start_linear_paths

RAMP = np.linspace(0, 1, 16)


def pictures_of_few_directions(count: int) -> list[CaptionedImage]:
    # blocks of a constant colour plus a ramp: four directions, whatever the block
    random = np.random.default_rng(7)
    images = []
    for _ in range(count):
        colour, slope = random.uniform(60, 120, 3), random.uniform(0, 100)
        block = colour + slope * RAMP[:, None, None] + np.zeros((16, 16, 3))
        images.append(CaptionedImage("key", block.round().astype(np.uint8), ["a ramp"]))
    return images


def test_components_are_orthonormal_and_explain_the_blocks():
    pictures = pictures_of_few_directions(200)
    basis, mean = principal_components(pictures, 4, seed=1)
    assert torch.allclose(basis @ basis.T, torch.eye(4), atol=1e-4)
    block = torch.from_numpy(pictures[0].image).permute(2, 0, 1).reshape(BLOCK_VALUES) / 255
    centred = block - mean
    assert (centred - basis.T @ (basis @ centred)).abs().max() < 1.5 / 255  # the rounding
    assert centred.abs().max() > 10 / 255


def test_components_depend_on_the_seed_alone():
    pictures = pictures_of_few_directions(50)
    first, again = (principal_components(pictures, 4, seed=3) for _ in range(2))
    assert torch.equal(first.basis, again.basis)


@pytest.mark.parametrize("kernel", [1, 3])
@torch.no_grad()
def test_a_fresh_model_gives_the_projection_of_its_picture(kernel):
    components = principal_components(pictures_of_few_directions(200), 12, seed=1)
    model = HiFiC(dataclasses.replace(TINY_CONFIG, linear_kernel=kernel)).eval()
    start_linear_paths(model, components)
    picture = pictures_of_few_directions(1)[0].image
    x = torch.from_numpy(np.tile(picture, (4, 4, 1))).permute(2, 0, 1)[None] / 255
    projected = model.g_s.linear(model.g_a.linear(x))
    assert (projected - x).abs().max() < 2 / 255
    x_hat = model.g_s(model.g_a(x), torch.zeros(1, TINY_CONFIG.text_width))
    assert (x_hat - x).abs().mean() < 0.06  # the networks disturb it little; gray is 0.2 off


def test_a_model_without_linear_paths_cannot_be_started():
    components = principal_components(pictures_of_few_directions(10), 12, seed=1)
    without = dataclasses.replace(TINY_CONFIG, linear_paths=False)
    with pytest.raises(TypeError, match="set linear_paths"):
        start_linear_paths(HiFiC(without), components)
