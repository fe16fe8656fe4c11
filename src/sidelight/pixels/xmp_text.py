"""Single texts of an XMP packet."""

from collections.abc import Sequence
from typing import Any

_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def first_text(packet: bytes, names: Sequence[str]) -> str:
    """Returns the first of some properties that says something, "" for none.

    A property may be an element or an attribute; its default language comes first, white space is
    folded. Of a broken packet the parser raises whatever it met.

    Args:
        packet: In UTF-8.
        names: As ``{namespace}name``, the likeliest first.
    """
    from defusedxml.ElementTree import fromstring

    if not packet:
        return ""
    tree = fromstring(packet, forbid_dtd=True)
    for name in names:
        for element in tree.iter():
            if text := _property(element, name):
                return text
    return ""


def _property(element: Any, name: str) -> str:
    if element.tag != name:
        return _folded(element.get(name))
    items = list(element.iter(_ITEM))
    default = [item for item in items if item.get(_LANGUAGE) == "x-default"]
    return next(filter(None, (_folded(part.text) for part in (*default, *items, element))), "")


def _folded(text: str | None) -> str:
    return " ".join((text or "").split())
