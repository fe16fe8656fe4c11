"""The carrier generator, in training and as it improves pictures."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.multiply_adds import multiply_adds
from tests.tiny_carrier import trained_carrier
from tests.tiny_config import TINY_CARRIER

from sidelight.errors import ConfigError
from sidelight.models import exported_carrier
from sidelight.models.carrier import CarrierGenerator
from sidelight.models.exported_carrier import ExportedCarrier, carrier_halo
from sidelight.models.presets import PRESETS


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 75, 53, 3), np.uint8)


@pytest.fixture(scope="module")
def text() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((2, 16), np.float32)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    ("realism", "grain"), [(0.0, False), (0.3, False), (1.0, False), (0.0, True)]
)
def test_a_fresh_one_returns_its_input_bit_for_bit(picture, text, realism, grain, precision):
    fresh = ExportedCarrier(CarrierGenerator(dataclasses.replace(TINY_CARRIER, grain=grain)))
    assert np.array_equal(fresh.improve(picture, text, realism, precision=precision), picture)


def test_text_and_dial_change_the_picture_and_nothing_is_read_of_other_pictures(picture, text):
    model = ExportedCarrier(trained_carrier())
    both = model.improve(picture, text, 0.5, precision="fp32")
    alone = model.improve(picture[:1], text[:1], 0.5, precision="fp32")
    assert np.abs(both[:1].astype(int) - alone).max() <= 1
    assert not np.array_equal(
        both, model.improve(picture, text[::-1].copy(), 0.5, precision="fp32")
    )
    assert not np.array_equal(both, model.improve(picture, text, 1.0, precision="fp32"))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 8), (64, 9)])
def test_every_size_comes_back_in_its_own_size(size, text):
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    improved = ExportedCarrier(trained_carrier()).improve(image, text[:1], 1.0, precision="fp32")
    assert improved.shape == image.shape


def test_a_pixel_reads_no_farther_than_the_halo(text):
    generator, halo = trained_carrier(), carrier_halo(TINY_CARRIER)
    assert halo % TINY_CARRIER.stride == 0
    x = torch.rand(1, 3, 2 * halo + 64, 16)
    changed = x.clone()
    changed[:, :, halo + 32] += 1.0
    with torch.inference_mode():
        before, after = (
            generator(each, torch.from_numpy(text[:1]), torch.ones(1)) for each in (x, changed)
        )
    rows = (before - after).abs().amax((0, 1, 3)).nonzero().flatten() - (halo + 32)
    assert -halo <= rows.min() < 0 < rows.max() <= halo


def test_tiles_leave_no_seam(monkeypatch, text):
    image = np.random.default_rng(0).integers(0, 256, (1, 200, 150, 3), np.uint8)
    whole = ExportedCarrier(trained_carrier())
    monkeypatch.setattr(exported_carrier, "CARRIER_TILE", 64)
    tiled = ExportedCarrier(trained_carrier())
    improved = [
        model.improve(image, text[:1], 0.7, precision="fp32").astype(int)
        for model in (whole, tiled)
    ]
    assert np.abs(improved[0] - improved[1]).max() <= 1
    masks = [model.masks(image, text[:1], 0.7) for model in (whole, tiled)]
    assert len(masks[0]) == 3
    for one, other in zip(*masks, strict=True):
        assert one.shape == (1, 200, 150)
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "thousands", "millions"),
    [("carrier-small", 40, 4), ("carrier-tiny", 10, 1), ("carrier-base", 215, 17)],
)
def test_a_preset_keeps_to_its_budget(name, thousands, millions):
    config = dataclasses.replace(PRESETS[name], grain=True)
    assert config.name == name
    with torch.device("meta"):
        generator = CarrierGenerator(config).eval()
        x, text, realism = torch.empty(1, 3, 256, 256), torch.empty(1, 384), torch.empty(1)
        noise = torch.empty(1, 1, 256, 256)
        giga = multiply_adds(generator, lambda: generator(x, text, realism, noise))
    assert 0.85 * thousands < 1e9 * giga / 256**2 / 1e3 <= thousands
    assert sum(p.numel() for p in generator.parameters()) / 1e6 <= millions


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"widths": (8,)}, "at least 2 entries"),
        ({"mask_channels": (4,)}, "mask_channels must have 3 entries"),
        ({"text_hidden": 0}, "text_hidden must be >= 1"),
        ({"default_realism": 1.5}, "between 0 .* and 1"),
        ({"architecture": "cheng2020"}, "described by a Cheng2020Config"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(change, said):
    with pytest.raises(ConfigError, match=said):
        dataclasses.replace(TINY_CARRIER, **change)
