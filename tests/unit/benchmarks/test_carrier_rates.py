import json
import math
from pathlib import Path

import pytest
from benchmarks.rd.carrier_rates import TARGETS_BPP, nearest
from benchmarks.tables.carriers import avif_settings, rates

from sidelight.carriers.carrier import KNOT_QUALITIES
from sidelight.carriers.registry import CARRIERS

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"


@pytest.mark.parametrize("target_bpp", [0.01, 0.05, 0.11, 0.3, 1.0, 9.0])
def test_the_nearest_rate_in_ratio_is_found_with_few_files(target_bpp):
    asked = []

    def rate(own_quality: int) -> float:
        asked.append(own_quality)
        return 0.04 * 1.05**own_quality

    found = nearest(rate, range(5, 96), target_bpp)
    distance = {own: abs(math.log(rate(own) / target_bpp)) for own in range(5, 96)}
    asked_by_search = asked[:-91]
    assert distance[found] == min(distance.values())
    assert len(set(asked_by_search)) <= 9


@pytest.mark.parametrize("name", CARRIERS)
def test_the_knots_are_those_that_were_measured(name):
    record = json.loads((RESULTS / "rd_carrier_rates.json").read_text("utf-8"))
    assert list(CARRIERS[name].knots) == record["carriers"][name]["knots"]
    assert record["conditions"]["qualities"] == list(KNOT_QUALITIES)
    assert record["conditions"]["targets_bpp"] == list(TARGETS_BPP)


def test_rates_stand_beside_own_qualities():
    measured = {"title": "X", "knots": [1, 7], "knots_bpp": [0.0612, 0.1]}
    conditions = {"qualities": [1, 3], "targets_bpp": [0.06, 0.15]}
    table = rates({"conditions": conditions, "carriers": {"x": measured}})
    assert table.splitlines()[0] == "| carrier | 1 (0.06 bpp) | 3 (0.15 bpp) |"
    assert table.splitlines()[2] == "| `x` | 1 (0.061) | 7 (0.100) |"


def test_each_chroma_and_speed_has_a_row_with_all_sizes():
    rows = [
        {
            "chroma": c,
            "speed": s,
            "bpp": b,
            "lpips": b / s,
            "ssimulacra2": 50 * b,
            "encode_cpu_s": s,
        }
        for c in ("4:2:0", "4:4:4")
        for s in (4, 8)
        for b in (0.12, 0.5)
    ]
    lines = avif_settings({"rows": rows}).splitlines()
    assert "LPIPS at 0.12 / 0.50 bpp" in lines[0]
    assert lines[2] == "| 4:2:0 | 4 | 0.0300 / 0.1250 | 6.0 / 25.0 | 4.00 / 4.00 |"
    assert len(lines) == 6
