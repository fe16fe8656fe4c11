import csv
import io
import math
from dataclasses import replace

from tests.unit.evaluate.synthetic import make_point, make_summary, make_trained_summary

from sidelight.evaluate.statistics import BDRate, Estimate
from sidelight.evaluate.summary import BDResult, Summary
from sidelight.evaluate.tables import (
    EMPTY,
    bd_matrices,
    bd_table,
    captions_table,
    curves,
    points_table,
    times_table,
    to_csv,
    to_markdown,
    write_points,
)

MINUS = "\N{MINUS SIGN}"


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_summary_that_was_saved_makes_the_same_tables(tmp_path):
    summary = make_summary()
    summary.save(tmp_path)
    loaded = Summary.load(tmp_path)
    assert loaded == summary
    for table in (points_table, times_table, captions_table, bd_table, bd_matrices):
        assert table(loaded) == table(summary)


def test_series_that_read_captions_come_first_and_rates_rise():
    found = curves(make_summary())
    assert list(found) == ["sidelight, right", "sidelight, wrong", "webp"]
    assert all([p.bpp.value for p in points] == [0.1, 0.2, 0.4] for points in found.values())


def test_the_csv_holds_every_point_in_full_precision(tmp_path):
    summary = make_summary()
    write_points(summary, tmp_path)
    rows = read_csv((tmp_path / "points.csv").read_text("utf-8"))
    found = {(r["codec"], r["setting"], r["captions"]): r for r in rows}
    assert len(rows) == len(found) == len(summary.points)
    for point in summary.points:
        row = found[point.codec, point.setting, point.captions]
        assert (float(row["bpp"]), float(row["bpp_low"]), float(row["bpp_high"])) == point.bpp
        lpips = (float(row["lpips"]), float(row["lpips_low"]), float(row["lpips_high"]))
        assert lpips == point.metrics["lpips"]
        assert float(row["bpp_with_captions"]) == point.bpp_with_captions
        assert row["num_pictures"] == "24"


def test_metrics_of_sets_bring_count_and_spread_and_empty_cells_a_reason():
    rows = read_csv(to_csv(points_table(make_summary())))
    sidelight, webp = rows[0], rows[-1]
    assert (sidelight["fid_count"], sidelight["fid_std"], sidelight["empty_because"]) == (
        "192",
        "0.25",
        "",
    )
    assert (webp["fid"], webp["fid_count"]) == ("", "")
    assert webp["empty_because"] == "fid: not measured at this point"


def test_the_reason_is_that_of_the_summary_where_it_has_one():
    summary = replace(make_summary(), unavailable={"fid": "no Inception weights"})
    assert points_table(summary).reasons() == ["no Inception weights"]


def test_a_column_has_four_digits_for_its_largest_value():
    summary = make_summary()
    table = points_table(summary)
    names = [name for name, _ in table.columns]
    by_name = [dict(zip(names, row, strict=True)) for row in table.rows]
    assert [row["lpips"].text for row in by_name[:3]] == ["0.3000", "0.1500", "0.0750"]
    assert by_name[0]["lpips"].detail == "0.2700 to 0.3300"
    assert (by_name[0]["psnr"].text, by_name[0]["psnr"].detail) == ("31.00", "")
    assert (by_name[0]["fid"].text, by_name[0]["fid"].detail) == ("6.000", "±0.25, n=192")


def test_a_lossless_codec_has_an_infinite_psnr():
    point = make_point("png", "-", 12.0, 1.0)
    infinite = Estimate(math.inf, math.inf, math.inf)
    point = replace(point, metrics={"psnr": infinite})
    summary = make_summary()
    table = points_table(replace(summary, points=[*summary.points, point]))
    place = [name for name, _ in table.columns].index("psnr")
    assert (table.rows[-1][place].text, table.rows[0][place].text) == ("inf", "31.00")


def test_what_a_caption_changes_against_none_has_its_interval():
    (row,) = captions_table(make_summary()).rows
    assert [cell.value for cell in row[:3]] == ["sidelight", "wrong", "rate=0.1"]
    assert (row[3].text, row[3].detail) == ("+0.03000", "+0.02000 to +0.04000")


def test_times_are_for_each_codec_and_setting():
    (row,) = times_table(make_summary()).rows
    assert [cell.value for cell in row] == ["webp", "rate=0.1", 0.5, 1.25, 42.0]


def test_bd_rates_show_their_interval_or_why_there_is_none():
    matrix = bd_matrices(make_summary())["sidelight, right"]
    assert [label for _, label in matrix.columns] == ["series", "LPIPS", "PSNR dB"]
    series, lpips, psnr = matrix.rows[0]
    assert (series.value, lpips.text, lpips.detail) == ("webp", "+100.0%", "+90.0 to +110.5")
    assert (psnr.value, psnr.text, psnr.reason) == (None, EMPTY, "the metric gets no better")
    full = bd_table(make_summary())
    assert [cell.value for cell in full.rows[0][3:]] == [100, 101, 99, 0.75]
    assert {cell.reason for cell in full.rows[1][3:]} == {"the metric gets no better"}


def test_a_rate_without_interval_or_logarithm_is_shown_without():
    nothing = float("nan")
    result = BDResult("psnr", "a", "b", BDRate(-12.5, nothing, nothing, -12, None, 1.0))
    row = bd_table(replace(make_summary(), bd_rates=[result])).rows[0]
    assert (row[3].text, row[3].detail, row[5].value) == (f"{MINUS}12.5%", "", None)


def marked(table):
    return {
        (*(cell.text for cell in row[:3]), name)
        for row in table.rows
        for (name, _), cell in zip(table.columns, row, strict=True)
        if cell.trained
    }


def test_points_are_marked_where_their_setting_was_trained_on_the_metric():
    assert marked(points_table(make_summary())) == set()
    assert marked(points_table(make_trained_summary())) == {
        ("sidelight", f"rate={bpp}", captions, "lpips")
        for bpp in (0.1, 0.2)
        for captions in ("right", "wrong")
    }
    assert marked(captions_table(make_trained_summary())) == {
        ("sidelight", "wrong", "rate=0.1", "lpips")
    }


def test_bd_rates_are_marked_where_either_codec_was_trained_on_the_metric():
    rate = BDRate(100, 90, 110.5, 101, 99, 0.75)
    pairs = [("sidelight, right", "webp"), ("webp", "sidelight, wrong"), ("webp", "measured")]
    results = [BDResult("lpips", anchor, series, rate) for anchor, series in pairs]
    results.append(BDResult("psnr", "webp", "sidelight, wrong", rate))
    summary = replace(make_trained_summary(), bd_rates=results)
    assert [row[3].trained for row in bd_table(summary).rows] == [True, True, False, False]
    assert not any(cell.trained for row in bd_table(summary).rows for cell in row[4:])
    of_webp = {row[0].text: row[1].trained for row in bd_matrices(summary)["webp"].rows}
    assert of_webp == {"sidelight, wrong": True, "measured": False}


def test_an_empty_cell_has_no_mark():
    summary = make_trained_summary()
    unmeasured = [replace(p, metrics={}) for p in summary.points]
    assert not points_table(replace(summary, points=unmeasured)).any_trained()
    result = BDResult("lpips", "sidelight, right", "webp", None, "no curve")
    assert not bd_table(replace(summary, bd_rates=[result])).any_trained()


def test_marks_are_explained_below_the_table_and_listed_in_the_csv():
    table = points_table(make_trained_summary())
    text = to_markdown(table)
    assert "| 0.3000† (0.2700 to 0.3300) |" in text
    assert text.endswith("\n\n† the weights were trained on this metric\n")
    assert "†" not in to_markdown(points_table(make_summary()))
    rows = read_csv(to_csv(table))
    found = {(r["codec"], r["setting"]): r["trained_on"] for r in rows}
    assert found["sidelight", "rate=0.1"] == "lpips"
    assert found["sidelight", "rate=0.4"] == found["webp", "rate=0.1"] == ""
    assert float(rows[0]["lpips"]) == 0.3


def test_markdown_has_a_line_per_row_and_escapes_what_would_break_it():
    summary = make_summary()
    odd = replace(summary.points[0], codec="a|b <i>\nc")
    text = to_markdown(points_table(replace(summary, points=[odd])))
    lines = text.splitlines()
    assert lines[2].startswith("| a\\|b &lt;i> c | rate=0.4 |")
    assert f"| {EMPTY} (1) |" in lines[2]
    assert lines[-1] == "(1) not measured at this point"
    assert len({line.replace("\\|", "").count("|") for line in lines[:3]}) == 1
