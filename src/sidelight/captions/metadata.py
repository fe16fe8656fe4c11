"""Captions that picture files carry in their metadata: XMP, IPTC and EXIF."""

import contextlib
import re
from collections.abc import Callable

from sidelight.captions.canonical import canonical_caption
from sidelight.pixels.encodings import utf8_or_windows, utf8_packet, utf16_without_mark
from sidelight.pixels.exif_block import GPS, IMAGE, INTEROP, PHOTO, parse_exif
from sidelight.pixels.iptc import CAPTION, iptc_text, read_iptc
from sidelight.pixels.metadata import read_metadata
from sidelight.pixels.xmp_text import first_text

_PROPERTIES = (
    "{http://purl.org/dc/elements/1.1/}description",
    "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}AltTextAccessibility",
    "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}ExtDescrAccessibility",
    "{http://ns.adobe.com/tiff/1.0/}ImageDescription",
)
"""Where a caption may stand in XMP, the likeliest first."""

_DESCRIPTION, _COMMENT = 270, 37510
_CAPTION_TAGS = {
    IMAGE: frozenset({_DESCRIPTION}),
    PHOTO: frozenset({_COMMENT}),
    GPS: frozenset[int](),
    INTEROP: frozenset[int](),
}
_COMMENT_CODE_BYTES = 8
_CAMERA_DEFAULT = re.compile(
    r".{0,20}\bdigital camera|sony dsc|samsung camera pictures|dcim\\.*|exif[ _]jpeg[ _]picture"
    r"|screenshot|charset=\w+|\W*",
    re.IGNORECASE,
)
"""What cameras and programs write where a person's caption belongs."""


def captions_in_picture(data: bytes) -> dict[str, str]:
    """Returns the canonical captions found in a picture file, by "xmp", "iptc" and "exif".

    Damaged metadata is no error: it holds no caption.
    """
    metadata = read_metadata(data)
    readers: dict[str, Callable[[], str]] = {
        "xmp": lambda: caption_in_packet(metadata.xmp),
        "iptc": lambda: canonical_caption(iptc_text(read_iptc(metadata.iptc), CAPTION)),
        "exif": lambda: exif_caption(metadata.exif),
    }
    return {name: caption for name, read in readers.items() if (caption := read())}


def xmp_caption(packet: bytes | str) -> str:
    """Returns the caption of an XMP packet, in its default language, or "".

    That is ``dc:description``, else IPTC's alt text. Of a broken packet the parser raises whatever
    it met.
    """
    whole = packet.encode() if isinstance(packet, str) else packet
    return canonical_caption(first_text(utf8_packet(whole), _PROPERTIES))


def caption_in_packet(packet: bytes | None) -> str:
    """Returns ``xmp_caption`` of a packet, "" for none and for a broken one."""
    with contextlib.suppress(Exception):  # damaged metadata holds no caption
        return xmp_caption(packet or b"")
    return ""


def exif_caption(block: bytes) -> str:
    """Returns ImageDescription, else UserComment, of an EXIF block, or "".

    What cameras write there on their own counts as none.
    """
    content = parse_exif(block, _CAPTION_TAGS)
    description = content.directories.get(IMAGE, {}).get(_DESCRIPTION)
    comment = content.directories.get(PHOTO, {}).get(_COMMENT)
    texts = (
        utf8_or_windows(description.value.rstrip(b"\0")) if description else "",
        _user_comment(comment.value, content.order) if comment else "",
    )
    for text in texts:
        caption = canonical_caption(text.replace("\0", " "))
        if caption and not _CAMERA_DEFAULT.fullmatch(caption):
            return caption
    return ""


def _user_comment(value: bytes, order: str) -> str:
    code, text = value[:_COMMENT_CODE_BYTES], value[_COMMENT_CODE_BYTES:]
    if code.startswith(b"UNICODE"):
        return utf16_without_mark(text, order)
    if code.startswith(b"JIS"):
        return text.decode("iso2022_jp", errors="ignore")
    if code.rstrip(b"\0 ") in (b"ASCII", b""):
        return utf8_or_windows(text)
    return utf8_or_windows(value)  # programs that leave the code out
