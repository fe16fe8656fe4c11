from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tests.unit.evaluate.synthetic import make_summary, make_trained_summary

from sidelight.evaluate.plots import (
    draw_all,
    draw_bd_rates,
    draw_rate_curves,
    looks,
    save_plots,
    to_svg,
)
from sidelight.evaluate.summary import Point


def named_lines(figure):
    (axes,) = figure.axes
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_a_line_per_series_holds_its_points_by_rising_rate():
    lines = named_lines(draw_rate_curves(make_summary(), "lpips"))
    assert list(lines) == ["sidelight, right", "sidelight, wrong", "webp"]
    rates, values = lines["webp"].get_data()
    assert list(rates) == [0.1, 0.2, 0.4]
    assert values == pytest.approx([0.6, 0.3, 0.15])


def test_intervals_are_drawn_where_there_are_any():
    summary = make_summary()
    (axes,) = draw_rate_curves(summary, "lpips").axes
    bars = [line.get_data() for line in axes.lines if line.get_label().startswith("_")]
    drawn = {(rates[0], *ends) for rates, ends in bars}
    assert drawn == {
        (p.bpp.value, p.metrics["lpips"].low, p.metrics["lpips"].high) for p in summary.points
    }
    (axes,) = draw_rate_curves(summary, "psnr").axes
    assert len(axes.lines) == 3  # a value that is its own interval, as a published one
    assert len(draw_rate_curves(summary, "fid").axes[0].lines) == 2


def test_the_axis_says_which_way_is_better_and_the_legend_names_the_series():
    figure = draw_rate_curves(make_summary(), "psnr")
    assert "PSNR dB" in figure.axes[0].get_title(loc="left")
    assert "higher is better" in figure.axes[0].get_title(loc="left")
    lower = draw_rate_curves(make_summary(), "fid")
    assert "lower is better" in lower.axes[0].get_title(loc="left")
    names = [text.get_text() for text in lower.legends[0].get_texts()]
    assert names == ["sidelight, right", "sidelight, wrong"]


def test_series_whose_weights_were_trained_on_the_metric_are_marked():
    summary = make_trained_summary()
    lpips, psnr = (draw_rate_curves(summary, metric) for metric in ("lpips", "psnr"))
    assert list(named_lines(lpips)) == ["sidelight, right†", "sidelight, wrong†", "webp"]
    assert lpips.axes[0].get_xlabel().endswith("\n† the weights were trained on this metric")
    assert list(named_lines(psnr)) == ["sidelight, right", "sidelight, wrong", "webp"]
    assert "†" not in psnr.axes[0].get_xlabel()


def test_a_codec_has_one_colour_in_every_plot_and_no_two_series_look_alike():
    summary = make_summary()
    found = looks(summary)
    right, wrong, webp = found.values()
    assert right.colour == wrong.colour != webp.colour
    assert len({look.marker for look in found.values()}) == 3
    assert right.line != wrong.line
    for metric in summary.metrics:
        for series, line in named_lines(draw_rate_curves(summary, metric)).items():
            assert line.get_color() == found[series].colour
            assert line.get_marker() == found[series].marker


def test_a_name_with_dollars_is_no_formula():
    summary = make_summary()
    points = [replace(p, codec="a$b$") for p in summary.points]
    svg = to_svg(draw_rate_curves(replace(summary, points=points), "psnr"), "a")
    assert ">a$b$, right</text>" in svg


def test_a_codec_that_reads_captions_stands_out():
    lines = named_lines(draw_rate_curves(make_summary(), "lpips"))
    assert lines["sidelight, right"].get_linewidth() > 1.5 * lines["webp"].get_linewidth()
    assert lines["sidelight, right"].get_zorder() > lines["webp"].get_zorder()


def test_more_codecs_than_colours_still_differ():
    summary = make_summary()
    points = [replace(summary.points[0], codec=f"codec {k}") for k in range(12)]
    assert isinstance(points[0], Point)
    assert (
        len({(o.colour, o.marker) for o in looks(replace(summary, points=points)).values()}) == 12
    )


def test_bars_reach_the_ratio_and_a_missing_rate_says_so():
    lpips, psnr = draw_bd_rates(make_summary()).axes
    (bar,) = lpips.patches
    assert (bar.get_x(), bar.get_width()) == (1, pytest.approx(1.0))
    interval = next(
        line for line in lpips.lines if len(line.get_xdata()) == 2 and line.get_xdata()[0] != 1
    )
    assert list(interval.get_xdata()) == pytest.approx([1.9, 2.105])
    assert "+100%" in [text.get_text() for text in lpips.texts]
    assert len(psnr.patches) == 0
    assert "no figure" in psnr.texts[0].get_text()


def test_every_plot_is_written_as_png_and_svg(tmp_path):
    paths = save_plots(make_summary(), tmp_path)
    names = {"rate-lpips", "rate-psnr", "rate-fid", "bd-rates"}
    assert {p.name for p in paths} == {f"{n}.{suffix}" for n in names for suffix in ("png", "svg")}
    image = np.asarray(Image.open(tmp_path / "rate-lpips.png").convert("RGB"))
    assert image.min(axis=(0, 1)).max() < 128  # something is drawn
    assert (tmp_path / "rate-lpips.svg").read_text().startswith("<svg")


def test_a_metric_without_values_has_no_plot_and_odd_names_are_safe():
    summary = make_summary()
    info = summary.metrics["lpips"]
    found = draw_all(replace(summary, metrics={"nima": info}, bd_rates=[]))
    assert found == {}
    points = [replace(p, metrics={"../fid 256": p.metrics["psnr"]}) for p in summary.points]
    odd = replace(summary, metrics={"../fid 256": info}, points=points, bd_rates=[])
    assert list(draw_all(odd)) == ["rate-fid-256"]


def test_an_svg_repeats_exactly_and_its_ids_are_its_own():
    summary = make_summary()
    one, again = (to_svg(draw_rate_curves(summary, "lpips"), "a") for _ in range(2))
    assert one == again
    assert one.count('id="a-') == one.count(' id="') > 10
    assert 'href="#a-' in one
    assert "http" not in one.replace("http://www.w3.org/", "")
