"""Where captions are looked for, and in which order."""

import json
import re
from pathlib import Path

import pytest
from tests.captioned_pictures import XMP, exif_block, saved

from sidelight.captions.find import CaptionFinder, FoundCaption
from sidelight.captions.listing import CaptionListing
from sidelight.errors import ConfigError, TextError

JPEG = saved("JPEG", exif=exif_block(description=b"From EXIF."), xmp=XMP)


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    return tmp_path


def write_json(folder: Path, values: object) -> str:
    path = folder / "captions.json"
    path.write_text(json.dumps(values))
    return str(path)


COCO = {
    "images": [{"id": 7, "file_name": "dog.jpg"}, {"id": 9, "file_name": "cat.jpg"}],
    "annotations": [
        {"image_id": 7, "caption": " A  dog.\n"},
        {"image_id": 7, "caption": "A brown dog."},
    ],
}


@pytest.mark.parametrize(
    ("source", "caption"),
    [("xmp", "Ein Hund läuft am Strand."), ("exif", "From EXIF."), ("iptc", None)],
)
def test_one_place_alone_is_asked(folder, source, caption):
    (folder / "dog.txt").write_text("From a sidecar.")
    found = CaptionFinder(source).of_picture(folder / "dog.jpg", JPEG)
    assert (found and found.text) == caption


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.txt", "^{}: no such file"),
        ("missing.JSON", "^{}: no such file"),
        ("a", "'{}', which is a folder: expected auto, none,"),
        ("a.png", "'{}': expected auto, none,"),
    ],
)
def test_a_place_that_is_no_file_is_refused_by_what_it_is(folder, source, message):
    place = str(folder / source)
    with pytest.raises(ConfigError, match=message.format(re.escape(place))):
        CaptionFinder(place)


def test_auto_trusts_what_lies_beside_before_what_lies_inside(folder):
    finder, path = CaptionFinder("auto"), folder / "dog.jpg"
    assert finder.of_picture(path, JPEG).origin == "XMP dc:description"
    (folder / "dog.xmp").write_bytes(XMP.replace(b"Hund", b"Esel"))
    assert finder.of_picture(path, JPEG).text == "Ein Esel läuft am Strand."
    (folder / "dog.jpg.txt").write_text("\ufeffA dog's name.", "utf-8")
    assert finder.of_picture(path, JPEG) == FoundCaption(
        "A dog's name.", f"read from {folder / 'dog.jpg.txt'}"
    )
    (folder / "dog.txt").write_text("A dog.")
    assert finder.of_picture(path, JPEG).text == "A dog."


def test_a_stream_has_nothing_beside_it():
    assert CaptionFinder("sidecar").of_picture(None, JPEG) is None
    assert CaptionFinder("auto").of_picture(None, JPEG).origin == "XMP dc:description"


def test_a_coded_file_keeps_the_caption_of_its_exif(folder):
    block = exif_block(description=b"From EXIF.")
    assert CaptionFinder("auto").of_coded(folder / "dog.slt", block).text == "From EXIF."
    assert CaptionFinder("xmp").of_coded(folder / "dog.slt", block) is None
    assert CaptionFinder("exif").of_coded(folder / "dog.slt", None) is None


def test_an_empty_sidecar_is_no_caption(folder):
    (folder / "dog.txt").write_text(" \n")
    assert CaptionFinder("sidecar").of_picture(folder / "dog.jpg", JPEG) is None


@pytest.mark.parametrize(
    "name", ["dog.txt", "dog.slt.txt", "dog.jpg.txt", "dog.PNG.txt", "dog.tiff.txt"]
)
def test_a_coded_file_has_the_sidecar_of_its_picture(folder, name):
    (folder / name).write_text("A dog.")
    assert CaptionFinder("sidecar").of_coded(folder / "dog.slt", None).text == "A dog."


@pytest.mark.parametrize("name", ["dog.txt", "dog.jpg.txt", "dog.jpg.slt.txt"])
def test_so_has_one_that_kept_its_suffix(folder, name):
    (folder / name).write_text("A dog.")
    assert CaptionFinder("sidecar").of_coded(folder / "dog.jpg.slt", None).text == "A dog."


def test_a_name_too_long_for_a_sidecar_is_no_error(folder):
    assert CaptionFinder("sidecar").of_coded(folder / ("x" * 250 + ".slt"), None) is None


def test_windows_editors_write_utf_16(folder):
    (folder / "dog.txt").write_bytes("A dog\u2019s hill.".encode("utf-16"))
    assert CaptionFinder("sidecar").of_coded(folder / "dog.slt", None).text == "A dog\u2019s hill."


@pytest.mark.parametrize(
    "content",
    [
        "Notes: caf\xe9".encode("latin-1"),
        b"A long document. " * 6000,
        "A hill.".encode("utf-16-le"),
    ],
)
def test_an_unrelated_text_nobody_asked_for_is_passed_over_and_told(folder, content):
    (folder / "dog.txt").write_bytes(content)
    for finder in (CaptionFinder("sidecar", is_asked=False), CaptionFinder("auto")):
        found = finder.of_coded(folder / "dog.slt", None)
        assert found.text == ""
        assert "dog.txt" in found.notes[0]
    found = CaptionFinder("auto").of_picture(folder / "dog.jpg", JPEG)
    assert found.origin == "XMP dc:description"
    assert "dog.txt" in found.notes[0]
    with pytest.raises(TextError, match=r"dog\.txt"):
        CaptionFinder("sidecar").of_coded(folder / "dog.slt", None)


@pytest.mark.parametrize(("place", "name"), [("sidecar", "dog.txt"), ("xmp", "dog.xmp")])
def test_of_a_huge_file_beside_a_picture_the_beginning_is_read(folder, place, name):
    with (folder / name).open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(TextError, match=rf"{name}: more than \d+ bytes, too long for a caption"):
        CaptionFinder(place).of_picture(folder / "dog.jpg", JPEG)
    assert CaptionFinder("auto").of_picture(folder / "dog.jpg", JPEG).text


@pytest.mark.parametrize("block", [b"Exif\0\0MM", b"\xff" * 40])
def test_hostile_exif_of_a_coded_file_holds_no_caption(folder, block):
    assert CaptionFinder("auto").of_coded(folder / "dog.slt", block) is None


def test_sidecars_that_cannot_be_read_are_named(folder):
    (folder / "dog.txt").write_bytes(b"\xe9\xff")
    with pytest.raises(TextError, match=r"dog\.txt is not UTF-8"):
        CaptionFinder("sidecar").of_picture(folder / "dog.jpg", JPEG)
    (folder / "dog.xmp").write_bytes(b"<a>")
    with pytest.raises(TextError, match=r"dog\.xmp is not an XMP packet"):
        CaptionFinder("xmp").of_picture(folder / "dog.jpg", JPEG)


@pytest.mark.parametrize(
    "values", [COCO, {"dog.jpg": ["A dog.", "A brown dog."]}, {"x/dog.png": "A dog."}]
)
@pytest.mark.parametrize("name", ["dog.slt", "dog.jpg"])
def test_both_forms_of_json_are_read(folder, values, name):
    finder = CaptionFinder(write_json(folder, values))
    found = finder.of_coded(folder / name, None)
    assert found.text == "A dog."
    assert finder.of_coded(folder / "cat.slt", None) is None
    assert finder.of_coded(None, None) is None


def test_the_listed_path_that_shares_most_folders_wins(folder):
    listing = CaptionListing({"a/dog.jpg": ["First."], "b/dog.jpg": ["Second."]})
    assert listing.find(folder / "b" / "dog.slt") == ["Second."]
    assert listing.find(folder / "a" / "dog.jpg.slt") == ["First."]
    with pytest.raises(TextError, match=r"could be those of a/dog\.jpg or b/dog\.jpg"):
        listing.find(folder / "c" / "dog.slt")


@pytest.mark.parametrize(
    "values",
    [[], 3, {"annotations": []}, {"annotations": 1, "images": 2}],
)
def test_json_of_another_form_is_refused(folder, values):
    with pytest.raises(TextError, match="lists no captions"):
        CaptionFinder(write_json(folder, values))


@pytest.mark.parametrize(("caption", "told"), [(3, "3"), ([3], r"\[3\]"), (None, "None")])
def test_a_picture_that_is_given_no_text_is_named(folder, caption, told):
    with pytest.raises(TextError, match=rf"json: 'dog\.jpg' is to have a caption .*, got {told}"):
        CaptionFinder(write_json(folder, {"dog.jpg": caption}))


@pytest.mark.parametrize("data", [b"{", b"\xff", b'{"a.png": ' + 5000 * b"1" + b"}"])
def test_a_file_that_is_no_json_is_refused(folder, data):
    path = folder / "captions.json"
    path.write_bytes(data)
    with pytest.raises(TextError, match="is not JSON"):
        CaptionFinder(str(path))


def test_an_unknown_place_is_refused_with_those_known():
    with pytest.raises(
        ConfigError, match="expected auto, none, xmp, iptc, exif, sidecar or the path"
    ):
        CaptionFinder("exfi")


def test_what_a_row_has_beside_its_picture_stands_in_the_place_of_a_file(folder):
    (folder / "dog.txt").write_text("From a file.")
    row = folder / "dog.jpg"
    finder = CaptionFinder("sidecar")
    assert finder.of_picture(row, JPEG, beside=" A  row. ") == FoundCaption(
        "A row.", "the one beside it"
    )
    assert finder.of_picture(row, JPEG, beside="") is None
    assert finder.of_coded(row, None, beside="A row.").text == "A row."
    assert CaptionFinder("xmp").of_picture(row, JPEG, beside="A row.").origin == (
        "XMP dc:description"
    )
