"""Whose a picture is: copyright, author and credit, from wherever a file says it.

``.slt`` files carry EXIF and no XMP, and no format is written with IPTC records. So copyright and
author go into EXIF; what has no place there is told.
"""

import contextlib

from PIL import Image

from sidelight.pixels.exif_block import IMAGE, ExifContent
from sidelight.pixels.iptc import BYLINE, COPYRIGHT, CREDIT, iptc_text, read_iptc
from sidelight.pixels.stated import stated_iptc, stated_xmp
from sidelight.pixels.xmp_text import first_text

_ARTIST_TAG, _COPYRIGHT_TAG = 315, 33432
_DC = "{http://purl.org/dc/elements/1.1/}"
_RIGHTS, _CREATOR = (f"{_DC}rights",), (f"{_DC}creator",)
_CREDIT = ("{http://ns.adobe.com/photoshop/1.0/}Credit",)
_XMP_RIGHTS = "{http://ns.adobe.com/xap/1.0/rights/}"
_ONLY_IN_XMP = {
    "credit": _CREDIT,
    "terms of use": (f"{_XMP_RIGHTS}UsageTerms",),
    "page of rights": (f"{_XMP_RIGHTS}WebStatement",),
}


def add_rights(content: ExifContent, image: Image.Image) -> tuple[str, ...]:
    """Puts copyright and author into an image's EXIF where it lacks them; returns notes."""
    packet, records = stated_xmp(image), read_iptc(stated_iptc(image))
    stated = content.directories.get(IMAGE, {})
    for tag, names, key in (
        (_COPYRIGHT_TAG, _RIGHTS, COPYRIGHT),
        (_ARTIST_TAG, _CREATOR, BYLINE),
    ):
        text = _xmp_text(packet, names) or iptc_text(records, key)
        if text and not stated.get(tag, (0, b""))[1].strip(b"\0 "):
            content.put_text(IMAGE, tag, text)
    credit = iptc_text(records, CREDIT)
    if credit and not _xmp_text(packet, _CREDIT):
        return (f"credit of the IPTC records not kept: {credit}",)
    return ()


def rights_lost_without(packet: bytes | None) -> tuple[str, ...]:
    """Returns what to tell where a picture's XMP packet is not written: rights only it has."""
    found = {what: _xmp_text(packet or b"", names) for what, names in _ONLY_IN_XMP.items()}
    return tuple(f"{what} of the XMP not kept: {text}" for what, text in found.items() if text)


def _xmp_text(packet: bytes, names: tuple[str, ...]) -> str:
    with contextlib.suppress(Exception):  # a damaged packet says nothing
        return first_text(packet, names)
    return ""
