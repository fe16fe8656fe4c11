"""What is done part by part gives what it gave at once."""

import numpy as np
import pytest

from sidelight.entropy import coder, latents
from sidelight.entropy.coder import CodingTables, SymbolDecoder, SymbolEncoder
from sidelight.entropy.context import _wavefront
from sidelight.entropy.latents import WHOLE, Front, Latents, Prediction, by_rounding
from sidelight.entropy.tables import gaussian_tables

RNG = np.random.default_rng(1)
SHAPE = (6, 9, 14)
SYMBOLS = RNG.integers(-40, 41, SHAPE, np.int32)  # with many escapes
INDEX = RNG.integers(0, 5, SHAPE, np.uint8)
INDEX[INDEX == 3] = 4  # one table is not used


@pytest.fixture(scope="module")
def tables() -> CodingTables:
    return CodingTables(gaussian_tables([0.2, 0.9, 2.0, 3.0, 5.0]))


def words(tables: CodingTables) -> bytes:
    encoder = SymbolEncoder()
    encoder.push(SYMBOLS, INDEX, tables)
    return encoder.finish()


@pytest.mark.parametrize("part", [1, 7, SYMBOLS.size - 1])
def test_symbols_by_parts_are_the_same_words(monkeypatch, tables, part):
    expected = words(tables)
    monkeypatch.setattr(coder, "_PART", part)
    assert words(tables) == expected
    decoder = SymbolDecoder(expected)
    assert np.array_equal(decoder.pull(INDEX, tables), SYMBOLS)
    decoder.finish()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (5, 2), (4, 13), (13, 4)])
def test_the_wavefront_goes_over_all_positions_in_the_order_of_its_steps(size):
    step = np.arange(size[1]) + 3 * np.arange(size[0])[:, None]
    fronts = list(_wavefront(*size))
    assert len(fronts) == step.max() + 1
    for k, (rows, columns) in enumerate(fronts):
        expected_rows, expected_columns = np.nonzero(step == k)
        assert rows.tolist() == expected_rows.tolist()
        assert columns.tolist() == expected_columns.tolist()


def some_latents() -> Latents:
    means = RNG.integers(-900, 901, (2, *SHAPE), np.int32)
    symbols = np.stack([SYMBOLS, SYMBOLS[::-1]])
    return Latents(
        np.zeros((2, 3, 2, 3), np.int32), symbols, Prediction(means, np.stack([INDEX] * 2))
    )


def test_channels_are_those_of_the_whole():
    some = some_latents()
    channels = np.stack(list(some.fixed_points()), axis=1)
    assert channels.dtype == np.int32
    assert np.array_equal(channels, some.fixed_point())


@pytest.mark.parametrize("count", [1, SHAPE[0]])
def test_dequantised_is_each_channel_times_its_factor(count):
    some, factors = some_latents(), RNG.uniform(0.1, 9, (1, count, 1, 1)).astype(np.float32)
    found = some.dequantised(factors)
    assert found.dtype == np.float32
    assert np.array_equal(
        found, some.fixed_point().astype(np.float32) * np.float32(1 / 64) * factors
    )


FRONT = Front(np.array([0, 3, 8]), np.array([13, 2, 5]))


@pytest.mark.parametrize("part", [1, 300, 2**20])
@pytest.mark.parametrize("front", [WHOLE, FRONT])
def test_rounding_by_parts_is_rounding(monkeypatch, part, front):
    monkeypatch.setattr(latents, "_PART", part)
    y = RNG.normal(0, 30, (2, *SHAPE)).astype(np.float32)
    gain = RNG.uniform(0.1, 9, (1, SHAPE[0], 1, 1)).astype(np.float32)
    means = some_latents().prediction.means[:, :, *front]
    found = by_rounding(y, gain)(front, Prediction(means, means.astype(np.uint8)))
    expected = (y * gain)[:, :, *front] - means.astype(np.float32) / 64
    assert found.dtype == np.int32
    assert np.array_equal(found, np.floor(expected + np.float32(0.5)))
