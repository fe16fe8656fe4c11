import json
import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sidelight.cli.app import app


@pytest.fixture
def folder(tmp_path, make_picture):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(make_picture(48, 64)).save(pictures / "a.png")
    (pictures / "captions.json").write_text(json.dumps({"a.png": ["One.", "Two."]}))
    return pictures


def invoke(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_rd_measures_and_says_where_the_report_is(folder, tmp_path):
    done = invoke(folder, tmp_path / "out", "--codec", "jpeg:10,50", "--metrics", "psnr,nima")
    assert done.exit_code == 0, done.output
    assert f"wrote {tmp_path / 'out' / 'report.html'}" in done.stderr
    assert "nima is left out: " in done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [p["setting"] for p in summary["points"]] == ["quality=10", "quality=50"]


def test_maps_are_drawn_of_every_picture(folder, tmp_path):
    done = invoke(folder, tmp_path / "out", "--paper", "figure10")
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "out" / "a").iterdir()}
    assert names == {
        f"{n}.png" for n in ("with-text", "without-text", "difference", "masks", "bits")
    }
    assert np.asarray(Image.open(tmp_path / "out" / "a" / "with-text.png")).shape == (48, 64, 3)


def test_visual_brings_codecs_to_one_rate(folder, tmp_path):
    options = ("--bpp", 2, "--codec", "webp", "--codec", "jpeg", "--metrics", "psnr")
    done = invoke(folder, tmp_path / "out", "--paper", "figure11", *options)
    assert done.exit_code == 0, done.output
    found = (tmp_path / "out" / "report.html").read_text("utf-8")
    rates = [float(rate) for rate in re.findall(r'data-facts="([\d.]+) bpp', found)]
    assert len(rates) == 4  # two codecs, to be chosen on either side
    assert rates == pytest.approx([2] * 4, rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--codec", "jpg"), 1, "no codec 'jpg', known are"),
        (("--codec", "jpeg:ten"), 1, "'jpeg:ten' names no codec: expected such as vvc"),
        (("--codec", "mine="), 1, "'mine=' names no codec"),
        (("--codec", "vvc=a.safetensors"), 1, "vvc is a codec of its own"),
        (("--codec", "jpeg:50", "--codec", "jpeg:50"), 1, "jpeg quality=50 is named twice"),
        (("--bpp", "1"), 2, "--paper figure11 needs --bpp, and it alone"),
        (("--paper", "table3"), 2, "'table3' is not one of"),
        (("--paper", "table1", "--codec", "jpeg"), 1, "needs 2 codecs or more, the full model"),
        (("--paper", "figure10", "--codec", "jpeg:5"), 1, "maps are drawn of one .slt model"),
        (("--codec", "jpeg", "--metrics", "pnsr"), 1, "pnsr"),
        (("--codec", "jpeg", "--anchor", "vvc", "--metrics", "psnr"), 1, "no series 'vvc'"),
    ],
)
def test_wrong_calls_are_one_clear_line(folder, tmp_path, arguments, code, message):
    done = invoke(folder, tmp_path / "out", *arguments)
    assert done.exit_code == code
    assert message in " ".join(done.stderr.split())


@pytest.mark.parametrize("codecs", [["jpg"], ["webp", "jpg"], ["jpg+1"]])
def test_a_page_of_an_unknown_codec_is_one_clear_error(folder, tmp_path, codecs):
    named = [option for codec in codecs for option in ("--codec", codec)]
    done = invoke(folder, tmp_path / "out", "--paper", "figure11", "--bpp", 1, *named)
    assert done.exit_code == 1
    assert "no codec 'jpg', known are" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_is_checked_against_a_known_set(folder):
    done = invoke(folder, "--check", "kodak")
    assert done.exit_code == 1
    assert "is not Kodak" in " ".join(done.stderr.split())
    assert "pictures" in done.stdout
    assert invoke(folder).exit_code == 2  # no place for results


def test_a_name_is_checked_where_it_is_measured(folder, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    folder.rename(tmp_path / "data" / "mine")
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    assert "data/mine is not Kodak" in " ".join(invoke("mine", "--check", "kodak").stderr.split())
    assert "absent is no folder: get the" in invoke("absent", "--check", "kodak").stderr


def test_maps_of_pictures_with_one_stem_lie_apart(folder, tmp_path, make_picture):
    Image.fromarray(make_picture(48, 64, 1)).save(folder / "a.bmp")
    done = invoke(folder, tmp_path / "out", "--paper", "figure10")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.png", "a.bmp"}


def test_a_picture_of_one_pixel_is_measured(tmp_path):
    (tmp_path / "set").mkdir()
    Image.new("RGB", (1, 1), (9, 9, 9)).save(tmp_path / "set" / "a.png")
    metrics = "psnr,ms_ssim,ssimulacra2"
    arguments = ("--codec", "jpeg:50", "--condition", "none", "--metrics", metrics)
    done = invoke(tmp_path / "set", tmp_path / "out", *arguments)
    assert done.exit_code == 0, done.output
    assert "ms_ssim is left out: a.png: MS-SSIM needs sides of more than 160 px" in done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert list(summary["points"][0]["metrics"]) == ["psnr"]
