"""What captions change: the measure finds where it is, and the tables show it."""

import numpy as np
import pytest
from benchmarks.tables.carriers import changes_by_rate, changes_by_word
from benchmarks.text.changes import _blocks, _rank_correlation


def test_a_block_is_its_mean_and_parts_of_blocks_are_left_out():
    values = np.zeros((40, 36), np.float32)
    values[16:32, :16] = 2.0
    values[32:] = 9.0
    assert _blocks(values).tolist() == [[0.0, 0.0], [2.0, 0.0]]


@pytest.mark.parametrize(("sign", "expected"), [(1, 1.0), (-1, -1.0)])
def test_ranks_go_together_whatever_the_scale(sign, expected):
    values = np.array([[0.1, 5.0], [7.0, 0.3]])
    assert _rank_correlation(values, sign * np.exp(values)) == pytest.approx(expected)


def test_tables_show_rates_and_words():
    rate = {"quality": 15, "rms_levels": 1.5, "with_detail": 0.4, "with_loss": 0.6, "mask_0": 0.3}
    of = {"pictures": 3, "rms_levels": 1.25, "lpips": -0.001, "ssimulacra2": 0.5}
    lacks = of | {"pictures": 21, "lpips": 0.002}
    record = {
        "rates": [rate | {"mask_1": 0.1}],
        "words": [{"word": "sky", "captions_have_it": of, "captions_lack_it": lacks}],
    }
    assert changes_by_rate(record).splitlines()[-1] == "| 15 | 1.50 | +0.40 | +0.60 | 0.30, 0.10 |"
    assert changes_by_word(record).splitlines()[-1] == (
        "| sky | 3 | 1.25 | -0.0010 | +0.50 | 21 | 1.25 | +0.0020 | +0.50 |"
    )
