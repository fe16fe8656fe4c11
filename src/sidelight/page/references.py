"""Which attributes of HTML name files, and what a page needs these for."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from bs4 import Tag

from sidelight.page.markup import Attribute, Span, spans_in_srcset

PICTURE_ELEMENTS = ("img", "source", "input", "image", "video", "link")
"""Elements that may show a picture."""

_OF_LAZY_LOADERS = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_SETS = ("srcset", "imagesrcset", "data-srcset", "data-lazy-srcset")
_NEEDED_RELATIONS = {
    "stylesheet",
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "mask-icon",
    "manifest",
    "preload",
    "modulepreload",
    "prefetch",
}
_NEEDED = {
    "script": ("src",),
    "audio": ("src",),
    "video": ("src",),
    "track": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "use": ("href", "xlink:href"),
    "feimage": ("href", "xlink:href"),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
    "th": ("background",),
}
_LINKED = {"a": ("href",), "area": ("href",), "iframe": ("src",), "frame": ("src",)}
_SHARED_PICTURES = ("og:image", "og:image:url", "twitter:image", "twitter:image:src")
_ELSEWHERE = ("src", "srcset", "href", "xlink:href", "poster", "content", "value", "background")
"""Attributes that name files in elements that are not listed here, or may do so."""


class Role(Enum):
    """What a page needs a file for."""

    SHOWN = auto()
    """A picture that it shows, which may become another file."""
    NEEDED = auto()
    """It looks or sounds otherwise without it."""
    SHEET = auto()
    """A style sheet, which names files of its own."""
    LINKED = auto()
    """Its reader may go there."""
    POSSIBLE = auto()
    """Only its scripts know whether it is a file's name at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A URL in an attribute."""

    element: Tag
    attribute: Attribute
    span: Span
    role: Role

    @property
    def url(self) -> str:
        """The URL as the page has it."""
        return self.attribute.value[self.span.start : self.span.end]


def references_of(element: Tag, attributes: list[Attribute]) -> Iterator[Reference]:
    """Yields the URLs that an element names.

    Args:
        element: In its page.
        attributes: Its own, as they stand there.
    """
    values = {attribute.name: attribute.value for attribute in attributes}
    shown = _shown_by(element, values)
    for attribute in attributes:
        if attribute.name in shown:
            role = Role.SHOWN
        elif (found := _other_role(element, attribute.name, values)) is not None:
            role = found
        else:
            continue
        if attribute.name in _SETS:
            spans = list(spans_in_srcset(attribute.value))
        else:
            spans = [Span(0, len(attribute.value))]
        for span in spans:
            yield Reference(element, attribute, span, role)


def _shown_by(element: Tag, values: dict[str, str]) -> tuple[str, ...]:
    """Returns the attributes that name a picture to show."""
    in_picture = element.parent is not None and element.parent.name == "picture"
    match element.name:
        case "img":
            return ("src", *_SETS, *_OF_LAZY_LOADERS)
        case "source" if in_picture:
            return _SETS
        case "input" if values.get("type", "").lower() == "image":
            return ("src",)
        case "image":  # of SVG
            return ("href", "xlink:href")
        case "video":
            return ("poster", "data-poster")
        case "link" if _is_picture_link(values):
            return ("href", "imagesrcset")
    return ()


def _is_picture_link(values: dict[str, str]) -> bool:
    relations = values.get("rel", "").lower().split()
    return "preload" in relations and values.get("as", "").lower() == "image"


def _other_role(element: Tag, name: str, values: dict[str, str]) -> Role | None:
    if element.name == "link" and name == "href":
        relations = {*values.get("rel", "").lower().split()}
        if "stylesheet" in relations:
            return Role.SHEET
        return Role.NEEDED if relations & _NEEDED_RELATIONS else Role.LINKED
    if element.name == "meta" and name == "content":
        key = values.get("property", values.get("name", "")).lower()
        return Role.NEEDED if key in _SHARED_PICTURES else Role.POSSIBLE
    if name in _NEEDED.get(element.name, ()) or (element.name == "source" and name == "src"):
        return Role.NEEDED
    if name in _LINKED.get(element.name, ()):
        return Role.LINKED
    return Role.POSSIBLE if name in _ELSEWHERE or name.startswith("data-") else None
