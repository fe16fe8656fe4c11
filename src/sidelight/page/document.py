"""An HTML page: the URLs in it, and the page with some of them changed.

The page is edited where these URLs stand and is nowhere written anew, so that all else in it stays
as its author, or a template, has left it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from sidelight.errors import ConfigError
from sidelight.page.captions import captions_in
from sidelight.page.encoding import PageText, decode_text, is_text
from sidelight.page.markup import Attribute, Span, attributes_at, quoted, replaced
from sidelight.page.references import Reference, Role, references_of
from sidelight.page.stylesheets import urls_in_style

_TEXT_ONLY = ["textarea", "title", "xmp"]
"""Elements in which a browser sees no others."""
_NO_HTML = re.compile(r"<\?(?=xml)|<!\[(?!CDATA\[|if\b|else\b|endif\b)", re.IGNORECASE)


class NotAPageError(ConfigError):
    """The file is no HTML."""


class Page:
    """A parsed page."""

    def __init__(self, source: PageText) -> None:
        self._source = source
        # what the parser would warn of or stop at becomes a comment of the same length
        ready = _NO_HTML.sub(lambda found: "<!".ljust(len(found[0]), "x"), source.text)
        self._document = BeautifulSoup(ready, "html.parser", on_duplicate_attribute="ignore")
        self._line_starts = [0, *(feed.end() for feed in re.finditer("\n", source.text))]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Parses a file.

        Raises:
            NotAPageError: It holds no element of HTML.
            ConfigError: It is broken, or not in the encoding that it declares.
        """
        data = path.read_bytes()
        if not is_text(data):
            raise NotAPageError(
                f"{path} is not an HTML page: it starts with {data[:8].hex(' ')}; a picture alone "
                "is for `sidelight encode` or `sidelight decode`"
            )
        try:
            source = decode_text(data)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
        try:
            page = cls(source) if "<" in source.text else None
        except ParserRejectedMarkup as error:
            raise ConfigError(f"{path} is broken HTML: {error}") from None
        if page is None or page._document.find(True) is None:
            raise NotAPageError(f"{path} is not an HTML page")
        return page

    @cached_property
    def base_href(self) -> str | None:
        """What ``<base>`` says that the page's URLs are relative to."""
        elements = (
            self._attributes(element) for element in self._elements if element.name == "base"
        )
        hrefs = (a.value for attributes in elements for a in attributes if a.name == "href")
        return next(hrefs, None)

    @cached_property
    def references(self) -> list[Reference]:
        """The URLs in attributes that name files, as they stand in the page."""
        return [
            reference
            for element in self._elements
            for reference in references_of(element, self._attributes(element))
        ]

    @cached_property
    def style_urls(self) -> list[str]:
        """The URLs in ``style`` elements and attributes."""
        return [url for css in self._styles() for url in urls_in_style(css)]

    def caption_of(self, reference: Reference) -> str:
        """Returns what the page says of a picture that it shows; "" for nothing."""
        return self._captions.get(id(reference.element), "")

    def rewritten(self, urls: Mapping[Reference, str], media_type: str | None) -> bytes:
        """Returns the page with other URLs.

        Args:
            urls: The new ones.
            media_type: Of the files behind them, for elements that state one; None if it has none.
        """
        changes: dict[Attribute, dict[Span, str]] = {}
        for reference, url in urls.items():
            changes.setdefault(reference.attribute, {})[reference.span] = url
        values = {attribute: replaced(attribute.value, c) for attribute, c in changes.items()}
        if media_type is not None:
            values |= dict.fromkeys(self._stated_types(urls), media_type)
        text, place, pieces = self._source.text, 0, []
        for attribute in sorted(values, key=lambda a: a.start):
            raw = text[attribute.start : attribute.end]
            pieces += [text[place : attribute.start], quoted(values[attribute], raw)]
            place = attribute.end
        return self._source.encode("".join([*pieces, text[place:]]))

    def _stated_types(self, urls: Mapping[Reference, str]) -> Iterator[Attribute]:
        """Yields the ``type`` of each element all of whose pictures have changed."""
        changed = {id(r.element): r.element for r in urls if r.element.name in ("source", "link")}
        for r in self.references:
            if r.role is Role.SHOWN and r not in urls:
                changed.pop(id(r.element), None)
        for element in changed.values():
            yield from (a for a in self._attributes(element) if a.name == "type")

    @cached_property
    def _captions(self) -> dict[int, str]:
        return captions_in(self._document)

    @cached_property
    def _elements(self) -> list[Tag]:
        hidden: set[int] = set()
        for outer in self._document.find_all(_TEXT_ONLY):
            if id(outer) not in hidden:
                hidden.update(id(inner) for inner in outer.find_all(True))
        return [tag for tag in self._document.find_all(True) if id(tag) not in hidden]

    def _styles(self) -> Iterator[str]:
        for element in self._elements:
            if element.name == "style":
                yield element.get_text()
            elif "style" in element.attrs:
                yield str(element["style"])

    def _attributes(self, element: Tag) -> list[Attribute]:
        assert element.sourceline is not None
        assert element.sourcepos is not None
        start = self._line_starts[element.sourceline - 1] + element.sourcepos
        return attributes_at(self._source.text, start) or []
