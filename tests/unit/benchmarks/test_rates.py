import math

import numpy as np
import pytest
from benchmarks.rd.kodak import summarise
from benchmarks.rd.rates import at_rate, symbol_bits

from sidelight.entropy.coder import CodingTables, SymbolEncoder
from sidelight.entropy.tables import gaussian_tables

ANCHORS = [(0.4, 0.1), (0.1, 0.3)]


def test_estimate_is_what_the_coder_writes():
    tables = gaussian_tables([0.3, 2.0, 9.0])
    generator = np.random.default_rng(5)
    index = generator.integers(0, 3, 20_000).astype(np.uint8)
    symbols = np.rint(generator.normal(0, np.array([0.3, 2.0, 9.0])[index])).astype(np.int32)
    symbols[:50] *= 100_000  # escaped
    encoder = SymbolEncoder()
    encoder.push(symbols, index, CodingTables(tables))
    written = 8 * len(encoder.finish())
    # the coder rounds up to whole words and loses below 0.1 % on its fixed-point tables
    assert symbol_bits(symbols, index, tables) == pytest.approx(written, rel=1e-3, abs=64)


def test_anchor_is_met_at_its_points_and_log_linear_between():
    assert at_rate(0.1, ANCHORS) == pytest.approx(0.3)
    assert at_rate(0.4, ANCHORS) == pytest.approx(0.1)
    assert at_rate(0.2, ANCHORS) == pytest.approx(0.2)


def test_outside_its_rates_the_anchor_stays_at_its_nearest_point():
    assert at_rate(0.05, ANCHORS) == pytest.approx(0.3)


def record(bpp: float, lpips: float, quality: float = 5.0) -> dict:
    distortion = {"psnr_db": 30.0, "lpips": lpips}
    captions = {"right": distortion, "none": distortion | {"lpips": 0.9}, "next": distortion}
    return {"quality": quality, "bpp": bpp, "bpp_estimated": bpp, "captions": captions}


def test_summary_is_the_mean_over_pictures():
    (row,) = summarise([record(0.1, 0.1), record(0.3, 0.2)], ANCHORS)
    assert row["bpp"] == pytest.approx(0.2)
    assert row["captions"]["right"]["lpips"] == pytest.approx(0.15)
    assert (row["below_vvc"], row["below_vvc_without_caption"]) == (True, False)


@pytest.mark.parametrize("bpp", [0.09, 0.61])
def test_rates_outside_the_compared_range_are_not_judged(bpp):
    (row,) = summarise([record(bpp, 0.1)], ANCHORS)
    assert "below_vvc" not in row
    assert math.isclose(row["bpp"], bpp)
