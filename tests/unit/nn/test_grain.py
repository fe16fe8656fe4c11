"""What a generator adds at random, as strong as it tells for each place."""

import torch
from tests.tiny_carrier import trained_carrier
from tests.tiny_config import TINY_CARRIER
from torch import Tensor

from sidelight.nn.grain import Grain

SIDE = 256


def white(seed: int = 0, side: int = SIDE) -> Tensor:
    return torch.randn(1, 1, side, side, generator=torch.Generator().manual_seed(seed))


def test_a_fresh_one_adds_one_level_of_each_octave():
    grain = Grain(8, 2)
    features = torch.randn(1, 8, SIDE // 2, SIDE // 2)
    with torch.inference_mode():
        made = 255 * grain(features, white())[..., 8:-8, 8:-8]
        octaves = torch.nn.functional.conv2d(white(), grain.octaves)
    assert octaves.var((0, 2, 3)).sub(1).abs().max() < 0.05
    torch.testing.assert_close(
        made, octaves[..., 4:-4, 4:-4].sum(1, keepdim=True), rtol=1e-2, atol=1e-3
    )


def test_grain_has_no_part_that_eyes_take_for_the_picture():
    """Each octave lies in its band: next to nothing is left at periods above 32 px."""
    octaves = Grain(8, 2).octaves
    assert octaves.sum((1, 2, 3)).abs().max() < 1e-5
    with torch.inference_mode():
        bands = torch.nn.functional.conv2d(white(), octaves)[0]
    power = torch.fft.rfft2(bands).abs().square()
    for band in power:
        assert band[:8, :8].mean() < 0.1 * band.mean()
    # the first is the finer one: more of it lies at the highest frequencies
    high = [band[64:184, 64:].mean() / band.mean() for band in power]
    assert high[0] > 4 * high[1]


def test_it_is_the_stronger_the_higher_the_dial_and_none_at_zero():
    generator = trained_carrier(TINY_CARRIER)
    x, text = torch.rand(1, 3, 64, 64), torch.zeros(1, 16)
    with torch.inference_mode():
        parts = [
            generator.with_masks(x, text, torch.tensor([place]), white(side=64))
            for place in (0.0, 0.5, 1.0)
        ]
        without = generator(x, text, torch.ones(1))
    strengths = [made.grain.square().mean().item() for made in parts]
    assert strengths[0] == 0
    assert strengths[0] < strengths[1] < strengths[2]
    torch.testing.assert_close(parts[2].x_hat - parts[2].grain, without, rtol=0, atol=1e-6)


def test_other_noise_is_other_grain_of_the_same_strength():
    grain = Grain(8, 2)
    features = torch.zeros(1, 8, SIDE // 2, SIDE // 2)
    with torch.inference_mode():
        one, other = (grain(features, white(seed)) for seed in (0, 1))
    assert abs((one * other).mean() / one.var()) < 0.05
    assert 0.9 < one.std() / other.std() < 1.1


def test_its_strength_learns_from_any_loss():
    """At zero a loss would be level: noise of either sign costs the same."""
    grain = Grain(8, 2)
    made = grain(torch.randn(1, 8, 32, 32), white(side=64))
    (made.square().mean() - 0.01).abs().backward()
    assert grain.to_strength.get_parameter("bias").grad.abs().min() > 0
