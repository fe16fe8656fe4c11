"""An HTML page and the local files that it names."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EntitySubstitution
from bs4.formatter import HTMLFormatter

from sidelight.errors import ConfigError
from sidelight.pixels.atomic import write_atomically

_NAMING = {"img": "src", "link": "href", "script": "src", "source": "src", "video": "poster"}
"""Attributes that name a file which the page needs to look as it should."""


class Page:
    """A parsed page in a folder; what is outside of that folder is left alone."""

    def __init__(self, document: BeautifulSoup, folder: Path) -> None:
        self.document, self.folder = document, folder

    @classmethod
    def read(cls, path: Path) -> Self:
        """Parses the file, whatever encoding it declares.

        Raises:
            ConfigError: It holds no element of HTML.
        """
        document = BeautifulSoup(path.read_bytes(), "html.parser")
        if document.find() is None:
            raise ConfigError(f"{path} is not an HTML page")
        return cls(document, path.parent)

    def images(self) -> Iterator[Tag]:
        """Yields every ``img`` element whose picture lies in the folder, as the page stands."""
        for image in self.document.find_all("img"):
            if self.file_of(image, "src") is not None:
                yield image

    def file_of(self, element: Tag, attribute: str) -> Path | None:
        """Returns the path, relative to the folder, that an attribute names, if it is local."""
        url = urlsplit(str(element.get(attribute) or "").strip())
        place = Path(unquote(url.path))
        if url.scheme or url.netloc or not url.path or place.is_absolute():
            return None
        whole = (self.folder / place).resolve()
        inside = whole.is_relative_to(self.folder.resolve()) and whole.is_file()
        return whole.relative_to(self.folder.resolve()) if inside else None

    def other_files(self) -> set[Path]:
        """Returns the local files that the page names now, as paths relative to the folder."""
        return {
            file
            for element in self.document.find_all(list(_NAMING))
            if (file := self.file_of(element, _NAMING[element.name])) is not None
        }

    def copy_files(self, target: Path) -> None:
        """Copies what the page names and ``target`` has not."""
        for file in self.other_files():
            place = target / file
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.folder / file, place)

    def write(self, path: Path) -> None:
        """Writes the page as it stands, in UTF-8."""
        formatter = _InOrder(EntitySubstitution.substitute_xml)
        write_atomically(path, self.document.encode("utf-8", formatter=formatter))


class _InOrder(HTMLFormatter):
    """Leaves attributes in the order in which the page has them."""

    def attributes(self, tag: Tag) -> Iterable[tuple[str, Any]]:
        return tag.attrs.items()


def point_to(image: Tag, file: Path) -> None:
    """Makes an ``img`` element show ``file`` and nothing else."""
    image["src"] = quote(file.as_posix())
    for element in (image, *_alternatives(image)):
        for attribute in ("srcset", "sizes"):
            if attribute in element.attrs:
                del element[attribute]


def _alternatives(image: Tag) -> list[Tag]:
    picture = image.find_parent("picture")
    return list(picture.find_all("source")) if picture else []
