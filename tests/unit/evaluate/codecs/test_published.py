import json

import pytest

from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.published import PublishedCurve, read_curve, write_curve

RESULTS = {"bpp": [0.5, 0.25], "psnr-rgb": [34.0, 31], "ms-ssim-rgb": [0.98, 0.96]}


def write(path, **changes):
    content = {"name": "VTM", "description": "VTM 9.1", "results": RESULTS} | changes
    path.write_text(json.dumps(content))
    return path


def test_names_become_ours_and_points_are_in_order_of_rate(tmp_path):
    curve = read_curve(write(tmp_path / "vtm.json"))
    assert (curve.name, curve.description) == ("VTM", "VTM 9.1")
    assert curve.results == {"bpp": [0.25, 0.5], "psnr": [31, 34.0], "ms_ssim": [0.96, 0.98]}


def test_older_names_and_other_lists_are_read_too(tmp_path):
    results = {"bpp": [1.0], "psnr": [30.0], "ms-ssim": [0.9], "lpips": [0.1], "encoding_time": [2]}
    curve = read_curve(write(tmp_path / "old.json", results=results))
    assert list(curve.results) == ["bpp", "psnr", "ms_ssim", "lpips", "encoding_time"]


def test_what_is_written_is_read_back_in_the_form_of_others(tmp_path):
    curve = read_curve(write(tmp_path / "vtm.json"))
    write_curve(tmp_path / "again.json", curve)
    assert read_curve(tmp_path / "again.json") == curve
    written = json.loads((tmp_path / "again.json").read_text())
    assert list(written) == ["name", "description", "results"]
    assert list(written["results"]) == ["bpp", "psnr-rgb", "ms-ssim-rgb"]


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"psnr": [30.0]}, "results.bpp must list rates above zero, got None"),
        ({"bpp": []}, r"results.bpp must list rates above zero, got \[\]"),
        ({"bpp": [0.0, 1.0]}, r"results.bpp must list rates above zero, got \[0.0, 1.0\]"),
        ({"bpp": [0.1, 1.0], "psnr": [30.0]}, "results.psnr has 1 values, results.bpp has 2"),
        ({"bpp": [1.0], "psnr": ["30"]}, r"results.psnr must be a list of finite numbers, got \['"),
        ({"bpp": [1.0], "lpips": [float("nan")]}, "results.lpips must be a list of finite"),
        ({"bpp": [1.0], "lpips": [True]}, "results.lpips must be a list of finite"),
        ({"bpp": [1.0], "lpips": 0.1}, "results.lpips must be a list of finite numbers, got 0.1"),
        ({"bpp": [1.0], "psnr": [30.0], "psnr-rgb": [31.0]}, "psnr twice, .* as 'psnr-rgb'"),
        ([], 'must hold {"name"'),
    ],
)
def test_what_breaks_the_form_is_named_with_its_file(tmp_path, results, message):
    path = write(tmp_path / "odd.json", results=results)
    with pytest.raises(ConfigError, match=f"^{path}.*{message}"):
        read_curve(path)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"results": {"bpp": [1]}}', b"\xff"])
def test_a_file_that_is_no_curve_is_named(tmp_path, content):
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"^{path} "):
        read_curve(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.json cannot be read as JSON: .*No such file"):
        read_curve(tmp_path / "gone.json")


def test_a_curve_made_here_is_checked_too():
    with pytest.raises(ConfigError, match=r"results\.psnr has 2 values"):
        PublishedCurve(name="x", description="", results={"bpp": [1.0], "psnr": [30.0, 31.0]})
