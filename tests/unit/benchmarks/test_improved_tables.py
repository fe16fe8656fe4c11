"""The table of the same files, plain and improved."""

import dataclasses

from benchmarks.tables.improved import at_equal_bytes, bits_at_equal_quality, in_short
from tests.unit.evaluate.synthetic import make_summary

from sidelight.evaluate.statistics import BDRate, Estimate
from sidelight.evaluate.summary import BDResult, MetricInfo, Point


def point(codec: str, captions: str, lpips: float, ssimulacra2: float = 37) -> Point:
    metrics = {
        "lpips": Estimate(lpips, lpips, lpips),
        "ssimulacra2": Estimate(ssimulacra2, ssimulacra2 - 1, ssimulacra2 + 1),
    }
    return Point(codec, "quality=35", captions, 24, Estimate(0.3, 0.2, 0.4), 0.3, metrics)


def record(ssimulacra2: float = 37) -> dict:
    infos = {
        "lpips": MetricInfo("LPIPS", higher_is_better=False, source=""),
        "ssimulacra2": MetricInfo("SSIMULACRA2", higher_is_better=True, source=""),
    }
    points = [
        point("avif", "-", 0.19),
        point("avif+0", "right", 0.15),
        point("avif+", "none", 0.14),
        point("avif+", "right", 0.13, ssimulacra2),
        point("webp", "-", 0.25),
    ]
    rates = [
        BDResult("lpips", "avif", series, BDRate(-40.0, -45.0, -35.0, -41.0, None, 0.9))
        for series in ("avif+, right", "avif+, none", "webp")
    ]
    codecs = {"avif+": {"quality=35": {"trained_on": ["lpips"]}}}
    summary = dataclasses.replace(
        make_summary(), points=points, metrics=infos, bd_rates=rates, codecs=codecs
    )
    return dataclasses.asdict(summary)


def test_each_file_has_a_row_plain_and_one_for_each_place_of_the_dial():
    lines = at_equal_bytes(record()).splitlines()
    assert lines[0] == "| file | bpp | decoded | LPIPS† ↓ | SSIMULACRA2 ↑ |"
    assert lines[2:5] == [
        "| avif, quality=35 | 0.300 | plain | 0.1900 | 37.0 |",
        "| avif, quality=35 | 0.300 | realism 0 | 0.1500 | 37.0 |",
        "| avif, quality=35 | 0.300 | default | 0.1300 | 37.0 |",
    ]
    assert "trained on this metric" in lines[-1]
    assert not any("webp" in line for line in lines)


def test_bits_are_those_of_improved_files_with_the_right_caption():
    table = bits_at_equal_quality(record())
    assert "avif+, right" in table
    assert "none" not in table.replace("no figure", "")
    assert "webp" not in table


def test_bits_are_against_a_files_own_codec_and_those_that_are_not_improved():
    found = record()
    rate = BDRate(-40.0, -45.0, -35.0, -41.0, None, 0.9)
    across = [BDResult("lpips", anchor, "avif+, right", rate) for anchor in ("webp", "jpeg")]
    found["points"].append(dataclasses.asdict(point("jpeg", "-", 0.3)))
    found["points"].append(dataclasses.asdict(point("jpeg+", "right", 0.2)))
    found["bd_rates"] += [dataclasses.asdict(result) for result in across]
    anchors = [line.split(" | ")[1] for line in bits_at_equal_quality(found).splitlines()[2:4]]
    assert anchors == ["avif", "webp"]
    assert "jpeg" not in bits_at_equal_quality(found)


def test_in_short_the_better_of_plain_and_default_is_bold():
    lines = in_short(record()).splitlines()
    assert lines[2:4] == [
        "| 0.300 | 0.1900 → **0.1300** | 37.0 → 37.0 |",
        "| bits for equal quality | -40.0 % |  |",
    ]


def test_in_short_says_where_plain_is_better():
    worse = record(ssimulacra2=36.5)
    assert "| **37.0** → 36.5 |" in in_short(worse)
