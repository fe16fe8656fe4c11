import importlib.util
import math

import numpy as np
import pytest
from benchmarks.metrics.references.definitions import ms_ssim

from sidelight.errors import ConfigError, ImageError
from sidelight.metrics.fidelity import MsSsim, Psnr
from sidelight.metrics.protocol import Sample


def sample(original: np.ndarray, decoded: np.ndarray) -> Sample:
    return Sample(original, decoded, ["a picture"])


def plain(height: int, width: int, value: int) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


@pytest.mark.parametrize(("value", "other"), [(0, 255), (0, 1), (200, 195), (5, 200)])
def test_psnr_of_a_constant_offset(value, other):
    psnr = Psnr()(sample(plain(7, 9, value), plain(7, 9, other)))
    assert psnr == pytest.approx(20 * math.log10(255 / abs(value - other)), abs=1e-12)


def test_psnr_takes_one_error_over_all_channels():
    decoded = plain(4, 4, 10)
    decoded[..., 0] += 6
    mse = 6**2 / 3
    assert Psnr()(sample(plain(4, 4, 10), decoded)) == pytest.approx(10 * math.log10(255**2 / mse))


def test_psnr_of_equal_pictures_is_infinite():
    assert Psnr()(sample(plain(4, 4, 10), plain(4, 4, 10))) == math.inf


def test_pictures_of_different_sizes_are_refused():
    for metric in (Psnr(), MsSsim()):
        with pytest.raises(ImageError, match="has 4x5 px, its original 1x1 px"):
            metric(sample(plain(1, 1, 0), plain(5, 4, 0)))


def test_ms_ssim_is_the_mean_of_the_channels(make_picture):
    original = make_picture(161, 201)
    noise = np.random.default_rng(1).normal(0, (4, 12, 30), original.shape)
    noise[:, :24] += 60  # the border shows which windows count
    decoded = (original + noise).clip(0, 255).astype(np.uint8)
    channels = [ms_ssim(original[..., c] * 1.0, decoded[..., c] * 1.0) for c in range(3)]
    assert channels[0] > channels[1] + 0.005 > channels[2] + 0.01
    assert MsSsim()(sample(original, decoded)) == pytest.approx(np.mean(channels), abs=1e-5)


def test_ms_ssim_of_plain_pictures_is_in_closed_form():
    # no structure: what is left is the light of the last scale
    light = (2 * 100 * 160 + 2.55**2) / (100**2 + 160**2 + 2.55**2)
    value = MsSsim()(sample(plain(180, 180, 100), plain(180, 180, 160)))
    assert value == pytest.approx(light**0.1333, abs=1e-6)


def test_ms_ssim_of_equal_pictures_is_one(make_picture):
    picture = make_picture(180, 190)
    assert MsSsim()(sample(picture, picture.copy())) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("size", [(160, 300), (300, 41)])
def test_ms_ssim_refuses_pictures_without_a_fifth_scale(size):
    height, width = size
    MsSsim()(sample(plain(161, 300, 0), plain(161, 300, 0)))
    with pytest.raises(ImageError, match=f"sides of more than 160 px, got {width}x{height} px"):
        MsSsim()(sample(plain(*size, 0), plain(*size, 0)))


def test_without_torchmetrics_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'sidelight\[evaluate\]'"):
        MsSsim()
