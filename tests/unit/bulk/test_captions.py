"""Which caption a file gets."""

from pathlib import Path

import pytest

from sidelight.api import decoder_of
from sidelight.bulk.captions import CaptionToRead
from sidelight.errors import TextError

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def slt(tmp_path) -> str:
    (tmp_path / "a.slt").write_bytes((GOLDEN / "rgb.slt").read_bytes())
    return str(tmp_path / "a.slt")


def caption_of(slt: str, given: str | None = None, place: Path | None = None):
    read = CaptionToRead(given=given, place=None if place is None else str(place))
    data = Path(slt).read_bytes()
    return read.of(slt, data, decoder_of(data, GOLDEN / "tiny.safetensors").open(data))[:2]


def test_the_caption_given_comes_before_the_one_beside(slt):
    Path(slt).with_suffix(".txt").write_text("Beside.")
    assert caption_of(slt, "Given.") == ("Given.", "given")
    assert caption_of(slt, "") == caption_of(slt, " \n") == ("", "none, as asked")
    assert caption_of(slt)[0] == "Beside."


def test_no_caption_anywhere_is_told(slt):
    assert caption_of(slt) == ("", "none found")


def test_a_byte_order_mark_is_no_part_of_the_caption(slt, tmp_path):
    path = tmp_path / "caption.txt"
    path.write_bytes("\ufeffA dog.".encode())
    assert caption_of(slt, place=path) == ("A dog.", f"read from {path}")


def test_a_caption_file_must_be_utf_8(slt, tmp_path):
    path = tmp_path / "caption.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(TextError, match="is not UTF-8 text"):
        caption_of(slt, place=path)
