"""Pages are read in their own encoding, and what is not changed keeps its bytes."""

import codecs

import pytest

from sidelight.errors import ConfigError
from sidelight.page.encoding import decode_text, is_text

XML = '<?xml version="1.0" encoding="{}"?>\n<html>caf\xe9</html>'


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        ("<p>caf\xe9</p>".encode(), "utf-8"),
        ("<p>caf\xe9</p>".encode("latin-1"), "cp1252"),
        (b"<p>\x93caf\xe9\x94 \x81</p>", "cp1252"),
        ('<meta charset="utf-8">caf\xe9'.encode(), "utf-8"),
        ("<meta charset=iso-8859-1>\x93caf\xe9".encode("latin-1"), "cp1252"),
        ("<META HTTP-EQUIV=X content='a; charset=iso-8859-2'>\u0142".encode("latin2"), "iso8859-2"),
        (XML.format("ISO-8859-1").encode("latin-1"), "cp1252"),
        (XML.format("UTF-8").encode(), "utf-8"),
        ("<meta charset=utf-8>\xe9".encode("latin-1"), "utf-8"),
        ("<meta charset=utf-16>\xe9".encode(), "utf-8"),
        ("<meta charset=martian>\xe9".encode(), "utf-8"),
        ("<meta charset=iso-2022-kr>\xe9".encode(), "utf-8"),
        ("<meta charset=shift_jis>\u72ac".encode("shift_jis"), "cp932"),
        ("<meta charset=gb2312>\u72ac".encode("gbk"), "gbk"),
        ("<meta charset=windows-1251>\u0436".encode("cp1251"), "cp1251"),
        (codecs.BOM_UTF8 + "<meta charset=latin-1>\xe9".encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + "<p>\xe9\U0001f415".encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + "<p>\xe9".encode("utf-16-be"), "utf-16-be"),
        (b"\xff<p>\x00\xc3", "cp1252"),
    ],
)
def test_a_page_keeps_every_byte(data, codec):
    page = decode_text(data)
    assert codecs.lookup(page.codec).name == codec
    assert page.encode(page.text) == data
    assert page.encode(page.text + "a") == data + "a".encode(page.codec)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", True),
        ("<p>caf\xe9".encode("latin-1"), True),
        (b"words", True),
        (codecs.BOM_UTF16_LE + "<p>".encode("utf-16-le"), True),
        (b"\n<p>\0", True),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR<p>", False),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0<p>", False),
    ],
)
def test_zero_bytes_tell_other_files_from_text(data, expected):
    assert is_text(data) is expected


def test_what_cannot_be_written_again_is_refused():
    with pytest.raises(ConfigError, match="is not in utf-16-le, as it says; save it as UTF-8"):
        decode_text(codecs.BOM_UTF16_LE + b"<\0p")
