"""Start tags as they stand in a page: their attributes, and where these are."""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_SPACE = " \t\n\r\f"
"""What HTML takes for white space; of Unicode's further kinds, names of files may consist."""
_TAG_NAME = re.compile(rf"<[a-zA-Z][^{_SPACE}/>]*")
_ATTRIBUTE = re.compile(
    rf"""[{_SPACE}/]*(?P<name>[^{_SPACE}/>=]+)"""
    rf"""(?:[{_SPACE}]*=[{_SPACE}]*(?P<value>"[^"]*"|'[^']*'|[^{_SPACE}>]*))?"""
)
# in attributes, &copy=1 and &copyright are no character references
_REFERENCE = re.compile(
    r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]*(?:;|(?![a-zA-Z0-9=])))"
)
_NOT_SPACE_OR_COMMA = re.compile(rf"[^{_SPACE},][^{_SPACE}]*")
_PARENTHESISED_OR_OTHER = re.compile(r"(?:[^,(]|\([^)]*\)?)*")


class Attribute(NamedTuple):
    """An attribute with a value."""

    name: str
    """In lower case."""
    value: str
    """Without quotes and character references."""
    start: int
    """Where the value begins in the page, with its quotes if it has any."""
    end: int
    """Behind the value."""


class Span(NamedTuple):
    """A part of an attribute's value."""

    start: int
    end: int


def attributes_at(text: str, start: int) -> list[Attribute] | None:
    """Returns the attributes with values of the tag that starts there; of twins the first counts.

    None where no start tag starts.
    """
    tag = _TAG_NAME.match(text, start)
    if tag is None:
        return None
    place = tag.end()
    found: dict[str, Attribute] = {}
    while (match := _ATTRIBUTE.match(text, place)) is not None:
        place = match.end()
        if (raw := match["value"]) is not None:
            bare = raw[1:-1] if raw[:1] in ('"', "'") and raw[:1] == raw[-1:] else raw
            name = match["name"].lower()
            value = _REFERENCE.sub(lambda reference: html.unescape(reference[0]), bare)
            found.setdefault(name, Attribute(name, value, *match.span("value")))
    return list(found.values())


def quoted(value: str, raw: str) -> str:
    """Returns an attribute's value as it is written in a page.

    Args:
        value: Without quotes and character references.
        raw: What it replaces. Beyond ASCII, only what stands there is written without a reference:
            the page's encoding may not hold another character, or a browser may take another one.
    """
    known = set(raw)
    written = (c if c.isascii() or c in known else f"&#{ord(c)};" for c in html.escape(value))
    return f'"{"".join(written)}"'


def spans_in_srcset(value: str) -> Iterator[Span]:
    """Yields where the URLs are in the value of a ``srcset``, as the HTML standard parses it."""
    place = 0
    while (url := _NOT_SPACE_OR_COMMA.search(value, place)) is not None:
        stripped = url[0].rstrip(",")
        yield Span(url.start(), url.start() + len(stripped))
        place = url.end()
        if len(stripped) == len(url[0]):
            # descriptors up to the next comma that is not in parentheses
            place = _PARENTHESISED_OR_OTHER.match(value, place).end()  # type: ignore[union-attr]


def replaced(value: str, changes: dict[Span, str]) -> str:
    """Returns a value with other text in some of its parts."""
    for span in sorted(changes, reverse=True):
        value = value[: span.start] + changes[span] + value[span.end :]
    return value
