"""Captions that the commands find on their own."""

import json
from pathlib import Path

import pytest
from tests.captioned_pictures import CAPTION, XMP, exif_block, saved
from typer.testing import CliRunner, Result

from sidelight.api import decoder_of
from sidelight.bulk.captions import CaptionToRead
from sidelight.captions.canonical import caption_digest
from sidelight.captions.find import FoundCaption
from sidelight.cli.app import app

TINY = str(Path(__file__).parents[2] / "golden" / "tiny.safetensors")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    Path("photos/xmp.jpg").write_bytes(saved("JPEG", xmp=XMP))
    Path("photos/exif.jpg").write_bytes(saved("JPEG", exif=exif_block(description=b"A cat.")))
    Path("photos/none.jpg").write_bytes(saved("JPEG"))
    return tmp_path


def encode(*options: str) -> Result:
    command = ["encode", "photos", "out", "--format", "slt", "--model", TINY, *options]
    return CliRunner().invoke(app, command)


def caption_of(source: str, place: str | None) -> FoundCaption:
    data = Path(source).read_bytes()
    return CaptionToRead(given=None, place=place).of(
        source, data, decoder_of(data, TINY).open(data)
    )


def facts(name: str) -> dict:
    return json.loads(CliRunner().invoke(app, ["info", f"out/{name}.slt", "--json"]).stdout)


def test_each_picture_of_a_folder_embeds_its_own_caption(folder):
    done = encode("--caption-from", "auto")
    assert done.exit_code == 0
    captions = {name: facts(name)["caption"] for name in ("xmp", "exif", "none")}
    assert captions == {"xmp": CAPTION, "exif": "A cat.", "none": None}
    assert "photos/xmp.jpg: caption to embed: XMP dc:description\n" in done.stderr
    assert "photos/none.jpg: no caption found to embed\n" in done.stderr


def test_digests_come_from_a_listing(folder):
    Path("captions.json").write_text(json.dumps({"xmp.jpg": ["A dog.", "Another."]}))
    assert encode("--caption-from", "captions.json", "--caption-as", "digest").exit_code == 0
    assert facts("xmp")["caption_digest"] == caption_digest("A dog.").hex()
    assert facts("none")["caption_digest"] is None
    assert facts("xmp")["caption"] is None


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (None, ("", "none found")),
        ("auto", ("A cat.", "EXIF")),
        ("exif", ("A cat.", "EXIF")),
        ("none", ("", "none, as asked")),
        ("xmp", ("", "none found")),
        ("captions.json", ("A cat on a mat.", "captions.json")),
    ],
)
def test_decode_looks_where_it_is_told(folder, place, expected):
    Path("captions.json").write_text(json.dumps({"exif.jpg": "A cat on a mat."}))
    assert encode().exit_code == 0
    assert caption_of("out/exif.slt", place)[:2] == expected


def test_the_caption_inside_the_file_comes_first_in_auto_alone(folder):
    assert encode("--caption-from", "auto").exit_code == 0
    source = "out/exif.slt"
    Path("out/exif.txt").write_text("From beside.")
    origins = [caption_of(source, place).origin for place in (None, "auto", "sidecar")]
    assert origins == ["the one inside the file"] * 2 + ["read from out/exif.txt"]
