from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from sidelight.bitstream.quality import step_to_quality
from sidelight.entropy.latents import MEAN_BITS
from sidelight.models.config import HiFiCConfig
from sidelight.models.exported import ExportedCodec
from sidelight.models.gain import QualityGain
from sidelight.models.hific import (
    Encoder,
    Generator,
    HiFiC,
    encoder_halo,
    generator_halo,
)
from sidelight.models.presets import PRESETS
from sidelight.tiling import CodecTiles, TileGrid


@pytest.fixture(scope="module")
def pictures_of(make_picture):
    def make(height: int, width: int, seed: int = 0) -> np.ndarray:
        return make_picture(height, width, seed)[None]

    return make


@pytest.fixture(scope="module")
def text() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, 16), np.float32)


STEP = 70


def test_the_symbols_vary_enough_to_test_with(tiny_exported, pictures_of):
    latents = tiny_exported.quantise(tiny_exported.analyse(pictures_of(128, 128)), STEP)
    assert len(np.unique(latents.y_symbols)) > 8
    assert len(np.unique(latents.z_symbols)) > 8
    assert latents.y_symbols.dtype == latents.z_symbols.dtype == np.int32


def factors(exported: ExportedCodec, read) -> np.ndarray:
    position = exported.config.level_position(step_to_quality(STEP))
    with torch.no_grad():
        return read(exported.model.latent_gain, torch.tensor([position])).numpy()


def test_a_latent_comes_back_within_half_a_step(tiny_exported, pictures_of):
    y = tiny_exported.analyse(pictures_of(128, 192))
    latents = tiny_exported.quantise(y, STEP)
    gained = y * factors(tiny_exported, QualityGain.gain)
    error = latents.fixed_point() * 2.0**-MEAN_BITS - gained
    assert 0.4 < np.abs(error).max() <= 0.5
    inverse = factors(tiny_exported, QualityGain.inverse)
    y_hat = tiny_exported.dequantise(latents, STEP)
    np.testing.assert_allclose(y_hat, latents.fixed_point() / 64 * inverse, rtol=1e-6)


def test_quantising_leaves_the_latent_for_another_quality(tiny_exported, pictures_of):
    y = tiny_exported.analyse(pictures_of(64, 64))
    before = y.copy()
    first = tiny_exported.quantise(y, 0)
    tiny_exported.quantise(y, 128)
    assert np.array_equal(y, before)
    assert np.array_equal(tiny_exported.quantise(y, 0).y_symbols, first.y_symbols)


def test_text_changes_the_pixels_and_has_no_way_to_the_latents(tiny_exported, pictures_of, text):
    latents = tiny_exported.quantise(tiny_exported.analyse(pictures_of(64, 64)), STEP)
    y_hat = tiny_exported.dequantise(latents, STEP)
    with_text = tiny_exported.synthesise(y_hat, text, precision="fp32")
    without = tiny_exported.synthesise(y_hat, np.zeros_like(text), precision="fp32")
    assert (with_text != without).mean() > 0.1


def test_a_batch_of_two_is_two_pictures(tiny_exported, pictures_of, text):
    pictures = [pictures_of(64, 128, seed=k) for k in range(2)]
    texts = np.concatenate([text, -text])
    together = tiny_exported.quantise(tiny_exported.analyse(np.concatenate(pictures)), STEP)
    pixels = tiny_exported.synthesise(
        tiny_exported.dequantise(together, STEP), texts, precision="fp32"
    )
    for k, picture in enumerate(pictures):
        latents = tiny_exported.quantise(tiny_exported.analyse(picture), STEP)
        assert np.array_equal(together.z_symbols[k], latents.z_symbols[0])
        assert np.array_equal(together.y_symbols[k], latents.y_symbols[0])
        assert np.array_equal(together.prediction.index[k], latents.prediction.index[0])
        alone = tiny_exported.synthesise(
            tiny_exported.dequantise(latents, STEP), texts[k : k + 1], precision="fp32"
        )
        assert np.abs(pixels[k].astype(int) - alone[0]).max() <= 1


def test_bfloat16_is_close_to_float32(tiny_exported, pictures_of, text):
    latents = tiny_exported.quantise(tiny_exported.analyse(pictures_of(64, 64)), STEP)
    y_hat = tiny_exported.dequantise(latents, STEP)
    full, half = (
        tiny_exported.synthesise(y_hat, text, precision=p).astype(int) for p in ("fp32", "bf16")
    )
    assert np.abs(full - half).mean() < 2


def test_exporting_puts_the_norms_in_eval_mode_without_gradients(make_tiny_model):
    exported = ExportedCodec(make_tiny_model().train())
    assert not any(module.training for module in exported.modules())
    assert not any(parameter.requires_grad for parameter in exported.parameters())


@pytest.fixture
def small_tiles(make_tiny_model) -> ExportedCodec:
    """The same model, with the smallest tiles that its strides allow."""
    exported = ExportedCodec(make_tiny_model())
    sides = zip(exported.tiles, (64, 4, 4), strict=True)
    exported.tiles = CodecTiles(*(replace(grid, side=side) for grid, side in sides))
    return exported


@pytest.mark.parametrize("size", [(256, 320), (192, 64), (64, 448)])
def test_tiles_code_the_same_latents_as_the_whole(tiny_exported, small_tiles, pictures_of, size):
    picture = pictures_of(*size)
    whole, tiled = tiny_exported.analyse(picture), small_tiles.analyse(picture)
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-4)
    expected, found = tiny_exported.quantise(whole, STEP), small_tiles.quantise(whole, STEP)
    assert np.array_equal(found.z_symbols, expected.z_symbols)
    assert np.array_equal(found.y_symbols, expected.y_symbols)


def test_tiles_of_a_size_off_their_side_join(tiny_exported, small_tiles, pictures_of):
    for exported, side in ((small_tiles, 12), (small_tiles, 20)):
        exported.tiles = CodecTiles(
            g_a=TileGrid(16 * side, 64, Fraction(1, 16)),
            h_a=TileGrid(side, 8, Fraction(1, 4)),
            g_s=TileGrid(side, 8, Fraction(16)),
        )
        picture = pictures_of(256, 320)
        whole, tiled = tiny_exported.analyse(picture), exported.analyse(picture)
        np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-4)
        found = exported.quantise(whole, STEP).z_symbols
        assert np.array_equal(found, tiny_exported.quantise(whole, STEP).z_symbols)


@pytest.mark.parametrize("size", [(16, 20), (12, 4), (4, 28)])
def test_tiles_paint_the_same_picture_as_the_whole(tiny_exported, small_tiles, text, size):
    y_hat = 3 * np.random.default_rng(0).standard_normal((1, 12, *size), np.float32)
    whole = tiny_exported.synthesise(y_hat, text, precision="fp32")
    tiled = small_tiles.synthesise(y_hat, text, precision="fp32")
    assert whole.shape == (1, 16 * size[0], 16 * size[1], 3)
    assert np.abs(whole.astype(int) - tiled).max() <= 1


def test_masks_are_joined_at_the_size_of_the_picture(tiny_exported, small_tiles, text):
    y_hat = np.random.default_rng(0).standard_normal((1, 12, 12, 8), np.float32)
    whole, tiled = tiny_exported.masks(y_hat, text), small_tiles.masks(y_hat, text)
    assert [mask.shape for mask in whole] == [(1, 192, 128)] * 4
    for found, expected in zip(tiled, whole, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_the_ideal_bits_are_those_of_the_tables(tiny_exported, pictures_of):
    latents = tiny_exported.quantise(tiny_exported.analyse(pictures_of(64, 128)), STEP)
    frozen = tiny_exported.frozen
    bits = frozen.information_bits(latents)
    assert bits.shape == (1, 4, 8)
    for row, column in ((0, 0), (3, 7), (1, 5)):
        expected = 0.0
        for c in range(12):
            k = int(latents.prediction.index[0, c, row, column])
            table = frozen.latent_tables.table(k)
            entry = int(latents.y_symbols[0, c, row, column] - frozen.latent_tables.first[k])
            inside = 0 <= entry < len(table) - 1
            expected -= np.log2(table[entry if inside else -1] / 2**20)
        assert bits[0, row, column].item() == pytest.approx(expected, rel=1e-5)


def test_an_outlier_costs_its_escape(tiny_exported, pictures_of):
    latents = tiny_exported.quantise(tiny_exported.analyse(pictures_of(64, 64)), STEP)
    latents.y_symbols[0, 0, 2, 1] = 0
    before = tiny_exported.frozen.information_bits(latents)
    latents.y_symbols[0, 0, 2, 1] = 10**6
    difference = tiny_exported.frozen.information_bits(latents) - before
    assert difference[0, 2, 1] > 8
    assert (difference != 0).sum() == 1


SHALLOW = HiFiCConfig(
    name="shallow",
    widths=(4, 4, 4, 4, 5),
    stem_kernel=7,
    latent_channels=4,
    hyper_channels=2,
    residual_blocks=(2, 1, 0, 1, 0),
    text_width=2,
    text_hidden=2,
    mask_channels=(2, 2, 2, 2, 2),
)
"""Five widths and blocks everywhere, where the tiny model has four."""


def reach(changed: Tensor, middle: int) -> int:
    """Returns how many latent positions from ``middle`` a pixel changed."""
    places = changed.any(1)[0].nonzero() // 16
    return int((places - middle).abs().max())


def liven(network: torch.nn.Module) -> None:
    """Sets weights by which a change reaches as far as it can: no ReLU is dead, text acts."""
    for parameter in network.parameters():
        torch.nn.init.uniform_(parameter, 0.1, 1)
    network.double().eval()


@pytest.mark.parametrize("config", ["tiny", "shallow"])
def test_the_halo_of_the_encoder_covers_what_a_latent_reads(tiny_config, config):
    shape = tiny_config if config == "tiny" else SHALLOW
    torch.manual_seed(0)
    encoder, halo = Encoder(shape), encoder_halo(shape)
    liven(encoder)
    x = torch.rand(1, 3, 320, 320, dtype=torch.float64, requires_grad=True)
    row, column = 9, 10
    encoder(x)[0, :, row, column].sum().backward()
    read = x.grad[0].abs().sum(0).nonzero()
    first = read.amin(0) - torch.tensor([16 * row, 16 * column])
    last = read.amax(0) - torch.tensor([16 * row + 15, 16 * column + 15])
    assert -halo <= first.min() < -16
    assert 0 < last.max() <= halo


@pytest.mark.parametrize("config", ["tiny", "shallow"])
def test_the_halo_of_the_generator_covers_what_a_pixel_reads(tiny_config, config):
    shape = tiny_config if config == "tiny" else SHALLOW
    torch.manual_seed(0)
    generator, halo = Generator(shape), generator_halo(shape)
    liven(generator)
    side = 2 * halo + 9
    y_hat = torch.rand(1, shape.latent_channels, side, side, dtype=torch.float64)
    text = torch.rand(1, shape.text_width, dtype=torch.float64)
    middle = side // 2
    changed = y_hat.clone()
    changed[..., middle, middle] += 1
    differs = generator(changed, text) != generator(y_hat, text)
    assert halo / 2 < reach(differs, middle) <= halo


@pytest.mark.parametrize(("name", "encoder", "generator"), [("small", 64, 16), ("paper", 64, 24)])
def test_halos_of_the_presets(name, encoder, generator):
    assert encoder_halo(PRESETS[name]) == encoder
    assert generator_halo(PRESETS[name]) == generator


def test_the_halo_of_the_hyper_analysis_covers_what_it_reads(tiny_exported, tiny_config):
    model = HiFiC(tiny_config)
    analysis = model.h_a
    liven(analysis)
    y = torch.rand(1, 12, 48, 48, dtype=torch.float64, requires_grad=True)
    analysis(y)[0, :, 6, 6].sum().backward()
    read = y.grad[0].abs().sum(0).nonzero()
    halo = tiny_exported.tiles.h_a.halo
    assert 24 - halo <= read.min() < 24
    assert 27 < read.max() <= 27 + halo
