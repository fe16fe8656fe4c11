"""The caption of a picture is what its page says of it."""

from collections.abc import Iterator
from itertools import islice

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, NavigableString

from sidelight.captions.canonical import canonical_caption
from sidelight.page.references import PICTURE_ELEMENTS

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SEPARATE = {
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details",
    "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "legend", "li", "listing", "main",
    "menu", "nav", "ol", "optgroup", "option", "p", "plaintext", "pre", "search", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "xmp",
}  # fmt: skip
"""Elements whose words are set apart from those around; all others may be part of a word."""
_MOST_NODES = 500
"""In one caption: an element that is never closed holds all of the page that follows."""


def captions_in(document: BeautifulSoup) -> dict[int, str]:
    """Returns the captions of a page's pictures by the ``id`` of the elements that show them.

    A caption is the figure's, else alt, else title, else the nearest heading above, or "". That of
    a ``source`` is its picture's. The time grows with the size of the page only.
    """
    figures = _Figures()
    of_figure: dict[int, str] = {}
    for figcaption in document.find_all("figcaption"):
        figure = figures.around(figcaption)
        if figure is not None:
            of_figure.setdefault(id(figure), _words(figcaption))
    captions = {}
    for element, image, heading in _pictures(document):
        figure = figures.around(element)
        texts = (
            of_figure.get(id(figure), "") if figure else "",
            canonical_caption(_whole(str(image.get("alt") or ""))),
            canonical_caption(_whole(str(image.get("title") or ""))),
            heading,
        )
        captions[id(element)] = next((text for text in texts if text), "")
    return captions


def _pictures(document: BeautifulSoup) -> Iterator[tuple[Tag, Tag, str]]:
    """Yields what may show a picture, the element with its words, and the heading above."""
    elements = document.find_all([*_HEADINGS, *PICTURE_ELEMENTS])
    worded, image = [], None
    for element in reversed(elements):
        image = element if element.name == "img" else image
        is_source = element.name == "source" and image is not None
        worded.append(image if is_source and image is not None else element)
    heading = ""
    for element, words in zip(elements, reversed(worded), strict=True):
        if element.name in _HEADINGS:
            heading = _words(element) or heading
        else:
            yield element, words, heading


class _Figures:
    """Finds the innermost figure around an element; each way up is gone once."""

    def __init__(self) -> None:
        self._known: dict[int, Tag | None] = {}

    def around(self, element: Tag) -> Tag | None:
        passed, place = [], element.parent
        while place is not None and id(place) not in self._known:
            passed.append(place)
            if place.name == "figure":
                self._known[id(place)] = place
                break
            place = place.parent
        found = self._known[id(place)] if place is not None else None
        self._known.update((id(tag), found) for tag in passed)
        return found


def _words(element: Tag) -> str:
    return canonical_caption(_whole("".join(_strings(element))))


def _strings(element: Tag) -> Iterator[str]:
    # Tag.strings first goes down to its last descendant, which may be as far as the page is long
    around = [element]
    for node in islice(element.next_elements, _MOST_NODES):
        while around and around[-1] is not node.parent:
            yield _space_at(around.pop())
        if not around:
            return
        if isinstance(node, Tag):
            around.append(node)
            yield _space_at(node)
        elif type(node) in (NavigableString, CData):
            yield str(node)


def _space_at(element: Tag) -> str:
    """Returns what stands before and behind the words of an element."""
    return " " if element.name in _SEPARATE else ""


def _whole(text: str) -> str:
    # bytes that are no text in the page's encoding
    return text.encode("utf-8", "replace").decode("utf-8")
