"""Colours through the commands, where a profile cannot go along."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from sidelight.cli.app import app


@pytest.fixture
def here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("here")
def test_colours_stay_right_where_the_profile_is_stripped(exchanged_profile):
    Image.new("RGB", (20, 30), (200, 20, 10)).save("p.png", icc_profile=exchanged_profile)
    done = run("encode", "p.png", "p.webp", "--strip", "-q", "9")
    assert "converted to sRGB, without its ICC profile" in done.stderr
    red, green, _ = Image.open("p.webp").convert("RGB").getpixel((10, 10))
    assert green > 150 > 60 > red


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("suffix", ["avif", "jpg", "webp"])
def test_tones_of_gray_are_converted_and_told_where_their_profile_cannot_go(gray_profile, suffix):
    Image.new("L", (20, 30), 20).save("p.png", icc_profile=gray_profile)
    Path("p.html").write_text('<img src="p.png" alt="Gray.">')
    options = () if suffix == "jpg" else ("--bpp", "9")
    page = run("page", "encode", "p.html", "pages", "--format", suffix)
    for done in (run("encode", "p.png", f"p.{suffix}", *options), page):
        assert done.exit_code == 0, done.output
        assert ("converted to sRGB, without its ICC" in done.stderr) == (suffix != "jpg")
