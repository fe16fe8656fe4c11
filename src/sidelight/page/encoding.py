"""A page's bytes as text and back, byte for byte, whatever its encoding."""

import codecs
from typing import NamedTuple

import webencodings
from bs4.dammit import EncodingDetector

from sidelight.errors import ConfigError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_CODECS = ("replacement", "x-user-defined")
_UNDECLARED = "windows-1252"
"""What the HTML standard has browsers take where nothing else is known."""


class PageText(NamedTuple):
    """A decoded page; bytes that its encoding has no character for are lone surrogates."""

    text: str
    codec: str
    """Python's name of the encoding."""
    mark: bytes
    """The byte order mark in front, or nothing."""

    def encode(self, text: str) -> bytes:
        """Returns ``text``, made from this page's, as the bytes of a page."""
        return self.mark + _encode(text, self.codec)


def decode_text(data: bytes) -> PageText:
    """Returns the text of an HTML or XHTML page.

    Its encoding is that of the byte order mark, else the one that a browser would take from the
    declaration, else UTF-8 if it is that, else windows-1252.

    Raises:
        ConfigError: It could not be written again as it is.
    """
    mark, codec = next(((m, c) for m, c in _MARKS if data.startswith(m)), (b"", ""))
    body = data[len(mark) :]
    codec = codec or _declared(body) or ("utf-8" if _is_utf_8(body) else _UNDECLARED)
    try:
        text = body.decode(codec, _errors(codec))
        is_whole = _encode(text, codec) == body
    except UnicodeError:
        is_whole = False
    if not is_whole:
        raise ConfigError(f"the page is not in {codec}, as it says; save it as UTF-8")
    return PageText(text, codec, mark)


def is_text(data: bytes) -> bool:
    """Returns whether a file is text, and not a picture or another program's file.

    Zero bytes tell, unless it starts as pages do.
    """
    starts = (b"<", *(mark for mark, _ in _MARKS))
    return b"\0" not in data or data.lstrip().startswith(starts)


def _declared(body: bytes) -> str:
    label = EncodingDetector.find_declared_encoding(body, is_html=True)
    known = webencodings.lookup(label) if label else None
    if known is None or known.name in _NO_CODECS:
        return ""
    # a declaration that can be read as ASCII is wrong about UTF-16
    return "utf-8" if known.name.startswith("utf-16") else known.codec_info.name


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _encode(text: str, codec: str) -> bytes:
    return text.encode(codec, _errors(codec))


def _errors(codec: str) -> str:
    return "surrogatepass" if codec.startswith("utf-16") else "surrogateescape"
