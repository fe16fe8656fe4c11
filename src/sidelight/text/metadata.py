"""Captions that picture files carry in their metadata: XMP, IPTC and EXIF."""

import contextlib
import re
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

from sidelight.pixels.decoding import PROGRAM_FORMATS
from sidelight.text.canonical import canonical_caption

_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_IPTC_CAPTION = (2, 120)

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
    readers: dict[str, Callable[[ImageFile.ImageFile], str]] = {
        "xmp": lambda image: xmp_caption(
            image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        ),
        "iptc": _iptc_caption,
        "exif": lambda image: exif_caption(image.info.get("exif") or image.getexif().tobytes()),
    }
    found: dict[str, str] = {}
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(data)) as image:
            if image.format in PROGRAM_FORMATS:
                return {}
            for name, read in readers.items():
                with contextlib.suppress(Exception):  # parsers raise whatever they met
                    if caption := read(image):
                        found[name] = caption
    return found


def xmp_caption(packet: bytes | str) -> str:
    """Returns ``dc:description`` of an XMP packet, in its default language, or ""."""
    from defusedxml.ElementTree import fromstring

    if not packet:
        return ""
    for description in fromstring(packet).iter(_DESCRIPTION):
        items = list(description.iter(_ITEM))
        default = [item for item in items if item.get(_LANGUAGE) == "x-default"]
        for element in (*default, *items, description):
            if caption := canonical_caption(element.text):
                return caption
    return ""


def caption_in_packet(packet: bytes | None) -> str:
    """Returns ``xmp_caption`` of a packet, "" for none and for a broken one."""
    with contextlib.suppress(Exception):  # damaged metadata holds no caption
        return xmp_caption(packet or b"")
    return ""


def exif_caption(block: bytes) -> str:
    """Returns ImageDescription, else UserComment, of an EXIF block, or "".

    What cameras write there on their own counts as none.
    """
    exif = Image.Exif()
    exif.load(block)
    description = exif.get(ExifTags.Base.ImageDescription)
    comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    for text in (_exif_text(description), _user_comment(comment)):
        caption = canonical_caption(text.replace("\0", " "))
        if caption and not _CAMERA_DEFAULT.fullmatch(caption):
            return caption
    return ""


def _iptc_caption(image: ImageFile.ImageFile) -> str:
    value: Any = (IptcImagePlugin.getiptcinfo(image) or {}).get(_IPTC_CAPTION, b"")
    return canonical_caption(_utf8_or_latin(value[0] if isinstance(value, list) else value))


def _exif_text(value: Any) -> str:
    # Pillow reads the tag as Latin-1; most programs of today write UTF-8 into it
    if isinstance(value, str):
        with contextlib.suppress(UnicodeEncodeError):
            return _utf8_or_latin(value.encode("latin-1"))
        return value
    return _utf8_or_latin(value) if isinstance(value, bytes) else ""


def _user_comment(value: Any) -> str:
    if not isinstance(value, bytes):
        return _exif_text(value)
    code, text = value[:_COMMENT_CODE_BYTES], value[_COMMENT_CODE_BYTES:]
    if code.startswith(b"UNICODE"):
        return _utf16(text)
    if code.startswith(b"JIS"):
        return text.decode("iso2022_jp", errors="ignore")
    return _utf8_or_latin(text)


def _utf16(text: bytes) -> str:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return text.decode("utf-16", errors="ignore")
    # without a mark: of most scripts, one byte of each pair varies far less than the other
    little = len(set(text[1::2])) <= len(set(text[::2]))
    return text.decode("utf-16-le" if little else "utf-16-be", errors="ignore")


def _utf8_or_latin(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
