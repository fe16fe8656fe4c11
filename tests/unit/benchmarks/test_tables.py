import json
from dataclasses import replace

import pytest
from benchmarks.tables import memory
from benchmarks.tables.evaluations import at_rate
from benchmarks.tables.measurements import determinism_of_models, determinism_of_runtimes
from benchmarks.tables.render import is_plot_of, plot, render
from benchmarks.tables.robustness import fuzz, interruptions
from tests.unit.evaluate.synthetic import make_summary

from sidelight.evaluate.statistics import BDRate, Estimate
from sidelight.evaluate.summary import BDResult, Point

PAGE = "before\n<!-- table:memory -->\n<!-- /table -->\nafter\n"
RECORD = {
    "environment": {"command": "python -m x", "commit": "abc", "dirty": True, "cpu": "a CPU"},
    "conditions": {"limit_bytes": 2**30},
    "rows": [
        {
            "format": "slt",
            "command": command,
            "megapixels": size / 1e6,
            "width": size,
            "height": 1,
            "peak_bytes": peak,
            "wall_s": seconds,
        }
        for size, seconds, peak, command in (
            (2_000_000, 1.5, 2**29, "encode"),
            (2_000_000, 4, 2**29, "decode"),
            (8_000_000, 5, 2**30, "encode"),
            (8_000_000, 16, 2**31, "decode"),
        )
    ],
}


@pytest.fixture
def results(tmp_path):
    (tmp_path / "memory_large_picture.json").write_text(json.dumps(RECORD))
    return tmp_path


def test_figures_come_from_the_record_with_command_and_commit(results):
    page = render(PAGE, results)
    assert "| peak GiB | 2 Mpx | 8 Mpx | within 1 GiB |" in page
    assert "| .slt, encode | 0.50 | 1.00 | yes |" in page
    assert "| .slt, decode | 0.50 | 2.00 | no |" in page
    assert "Made by `python -m x` at commit `abc`, with local changes" in page
    assert page.startswith("before\n")
    assert page.endswith("after\n")


def test_time_is_told_per_megapixel(results):
    page = render(PAGE.replace("memory", "memory-times"), results)
    assert "| .slt, encode | 0.75 | 0.62 |" in page
    assert "| .slt, decode | 2.00 | 2.00 |" in page


def test_a_size_that_was_not_reached_has_an_empty_cell(tmp_path):
    record = RECORD | {"rows": RECORD["rows"][:3]}
    (tmp_path / "memory_large_picture.json").write_text(json.dumps(record))
    assert "| .slt, decode | 0.50 |  | yes |" in render(PAGE, tmp_path)


def test_what_was_decoded_stands_beside_its_own_file(tmp_path):
    rows = [dict(row) for row in RECORD["rows"]]
    rows[1] |= {"ssimulacra2_default": 12.34}
    rows[3] |= {"ssimulacra2_default": 51.25, "ssimulacra2_plain": 50.5, "format": "avif"}
    (tmp_path / "memory_large_picture.json").write_text(json.dumps(RECORD | {"rows": rows}))
    page = render(PAGE.replace("memory", "memory-middles"), tmp_path)
    assert "| .slt, decode | 12.3 |  |" in page
    assert "| AVIF, decode |  | 50.5 → 51.2 |" in page
    assert "encode" not in page


def test_a_plot_is_known_by_its_record(results):
    file, image = results / "memory_large_picture.json", results / "a.svg"
    assert not is_plot_of(image, file)
    drawn = plot("large", file, memory.plot)
    image.write_text(drawn)
    assert drawn == plot("large", file, memory.plot)
    assert is_plot_of(image, file)
    assert ".slt, decode" in drawn
    file.write_text(json.dumps(RECORD | {"more": 1}))
    assert not is_plot_of(image, file)


def test_rendering_again_changes_nothing(results):
    page = render(PAGE, results)
    assert render(page, results) == page


def test_a_typed_figure_is_replaced(results):
    page = render(PAGE, results)
    assert render(page.replace("0.50", "0.49"), results) == page


def test_without_a_record_the_page_says_so(results, tmp_path_factory):
    page = render(render(PAGE, results), tmp_path_factory.mktemp("none"))
    assert page == PAGE.replace("-->\n<!--", "-->\n\nNot measured yet.\n\n<!--")


def test_unknown_table_is_an_error(results):
    with pytest.raises(SystemExit, match="no table 'speeed'"):
        render(PAGE.replace("memory", "speeed"), results)


def point(codec: str, setting: str, captions: str, bpp: float, lpips: float) -> Point:
    metrics = {"psnr": 30.0, "ms_ssim": 0.95, "lpips": lpips}
    estimates = {name: Estimate(value, value, value) for name, value in metrics.items()}
    return Point(codec, setting, captions, 24, Estimate(bpp, bpp, bpp), bpp, estimates)


@pytest.fixture
def evaluation(tmp_path):
    points = [point("vvc", f"qp={k}", "-", b, v) for k, (b, v) in enumerate(VVC)]
    for quality, bpp in ((3, 0.2), (1, 0.05)):
        for captions, lpips in (("right", 0.21), ("none", 0.22), ("wrong", 0.23)):
            points.append(point("sidelight", f"quality={quality}", captions, bpp, lpips))
    results = [
        BDResult("lpips", anchor, series, BDRate(-30, -40, -20, -30, -30, 0.9))
        for anchor in ("vvc", "avif")
        for series in ("sidelight, none", "sidelight, right", "avif")
    ]
    made = {"command": "x", "commit": "abc", "dirty": False, "cpu": "a CPU"}
    replace(make_summary(), points=points, bd_rates=results, environment=made).save(tmp_path)
    (tmp_path / "summary.json").rename(tmp_path / "evaluate_rd_kodak.json")
    return tmp_path


VVC = [(0.4, 0.1), (0.1, 0.3)]


def test_each_quality_has_its_captions_beside_vvc_at_the_same_rate(evaluation):
    page = render(PAGE.replace("memory", "kodak-rd"), evaluation)
    lines = [line for line in page.splitlines() if line.startswith("|")]
    shown = "30.00 / 30.00 / 30.00 | 0.9500 / 0.9500 / 0.9500 | 0.2100 / 0.2200 / 0.2300"
    assert lines[2:] == [f"| 1 | 0.050 | {shown} |  |", f"| 3 | 0.200 | {shown} | 0.2000 |"]
    assert "LPIPS: right / none / wrong" in lines[0]


def test_what_the_record_has_of_other_metrics_is_shown_and_what_it_trained_on_marked(evaluation):
    path = evaluation / "evaluate_rd_kodak.json"
    record = json.loads(path.read_text())
    record["codecs"] = {"sidelight": {"quality=1": {"trained_on": ["psnr", "lpips"]}}}
    for measured in record["points"]:
        measured["metrics"]["ssimulacra2"] = [-12.34, -12.34, -12.34]
    path.write_text(json.dumps(record))
    page = render(PAGE.replace("memory", "kodak-rd"), evaluation)
    lines = page.splitlines()
    header = next(line for line in lines if line.startswith("| quality"))
    assert "PSNR dB†: right / none / wrong | MS-SSIM: right" in header
    assert "| SSIMULACRA2: right / none / wrong | VVC's" in header
    assert "| -12.3 / -12.3 / -12.3 |" in page
    assert "† the weights were trained on this metric" in lines


def test_bits_at_equal_lpips_are_ours_alone(evaluation):
    page = render(PAGE.replace("memory", "kodak-equal-lpips"), evaluation)
    rate = "\N{MINUS SIGN}30.0% (\N{MINUS SIGN}40.0 to \N{MINUS SIGN}20.0)"
    assert f"| vvc | {rate} | {rate} |" in page
    assert "| against | sidelight, right | sidelight, none |" in page


def test_stability_stands_beside_the_papers_rows(tmp_path):
    given = [*(f"caption-{k}" for k in range(1, 6)), "wrong", "none", "shuffled", "NA"]
    points = [point("sidelight", "quality=3", g, 0.15, 0.2 + k / 100) for k, g in enumerate(given)]
    features = Estimate(120.0, 120.0, 120.0)
    points = [replace(p, metrics=p.metrics | {"fd_effnet": features}) for p in points]
    made = {"command": "x", "commit": "abc", "dirty": False, "cpu": "a CPU"}
    replace(make_summary(), points=points, environment=made).save(tmp_path)
    (tmp_path / "summary.json").rename(tmp_path / "evaluate_stability_kodak.json")
    page = render(PAGE.replace("memory", "stability"), tmp_path)
    lines = [line for line in page.splitlines() if line.startswith("|")][2:]
    ours = "0.1500 | 30.000"
    assert lines[0] == f"| text 1 | {ours} | 0.2000 |  | 120.0 | 28.370 to 28.372 | 0.0500 | 18.1 |"
    assert lines[5] == f"| mismatch | {ours} | 0.2500 |  | 120.0 | 28.197 | 0.1073 | 31.8 |"
    assert [line.split(" | ")[0] for line in lines[6:]] == ["| none", "| shuffled words", "| NA"]


def test_another_codec_is_met_at_its_points_and_log_linear_between():
    curve = sorted(VVC)
    assert [at_rate(bpp, curve) for bpp in (0.1, 0.2, 0.4)] == pytest.approx([0.3, 0.2, 0.1])
    assert [at_rate(bpp, curve) for bpp in (0.09, 0.41)] == [None, None]


def test_a_model_has_one_row_and_its_worst_setting_counts():
    row = {"of": "b", "files": 9, "largest_batch": 1, "latents_differ": 0, "precision": "fp32"}
    rows = [
        row | {"of": "a", "max_pixel_difference": 0},
        row | {"max_pixel_difference": 0},
        row | {"largest_batch": 3, "latents_differ": 2, "max_pixel_difference": 1},
        row | {"precision": "bf16", "mean_pixel_error": 0.25, "max_pixel_difference": 7},
    ]
    table = determinism_of_models({"rows": rows}).splitlines()
    assert table[2:] == ["| `a` | 1 | 9 | 1 | 0 | 0 |  |", "| `b` | 3 | 9 | 3 | 2 | 1 | 0.250 |"]


def test_what_was_tried_by_machine_is_told_with_the_worst_of_it():
    record = {"inputs": 900, "inputs_in_processes": 9, "num_faults": 2, "silent_wrong_pictures": 0}
    record |= {"longest": {"cpu_s": 1.26, "kind": "pages"}, "by_kind": {"pages": 400, "runs": 500}}
    record |= {"most_memory": {"grown_bytes": 3 * 2**20, "kind": "runs"}}
    table = fuzz(record)
    assert "| 900 | 9 | 2 | 0 | 1.3 (pages) | 3 (runs) |" in table
    assert table.endswith("Of each kind: pages 400, runs 500.")


def test_kills_and_full_disks_are_told_with_their_faults():
    full = [
        {"name": "encode", "said": ["File too large: 'out.slt'"], "faults": []},
        {"name": "train", "said": [], "faults": ["left over: x"]},
    ]
    record = {"kills": 9, "killed_while_at_work": 8, "full_disks": full, "faults": full[1:]}
    table = interruptions(record)
    assert "9 commands, 8 of them killed at work: 1 faults." in table
    assert "| encode | File too large: 'out.slt' | none |" in table
    assert "| train |  | left over: x |" in table


def test_a_runtime_has_one_row_for_each_precision_and_its_worst_setting_counts():
    integers = {"files": 9, "latents_differ": 0, "latents_differ_by_torch": 0}
    row = {"runtime": "torch", "precision": "fp32", **integers}
    rows = [
        row | {"max_pixel_difference": 1, "mean_pixel_error": 0.00001},
        row | {"max_pixel_difference": 0, "mean_pixel_error": 0, "latents_differ_by_torch": 2},
        row | {"precision": "bf16", "max_pixel_difference": 7, "mean_pixel_error": 0.25},
    ]
    assert determinism_of_runtimes({"rows": rows}).splitlines()[2:] == [
        "| torch | fp32 | 2 | 9 | 0 | 2 | 1 | 0.0000 |",
        "| torch | bf16 | 1 | 9 | 0 | 0 | 7 | 0.2500 |",
    ]
