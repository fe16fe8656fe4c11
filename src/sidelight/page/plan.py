"""What becomes of the files that pages name: settled before one is written."""

import contextlib
import os
import posixpath
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from PIL import Image

from sidelight.carriers.registry import SUFFIXES
from sidelight.errors import ConfigError
from sidelight.page.addresses import AddressError, Site
from sidelight.page.document import NotAPageError, Page
from sidelight.page.references import Reference, Role
from sidelight.page.stylesheets import urls_in_sheet
from sidelight.pixels.names import names_with_suffix

_PAGES = (".html", ".htm", ".xhtml", ".xht", ".php", ".asp", ".aspx", ".jsp", ".md")
_SHEET = ".css"
_FURTHER_PICTURES = (*SUFFIXES, ".slt", ".svg")


@dataclass
class ShownPicture:
    """A picture file that is to be converted."""

    target: str = ""
    """What it becomes, below the site's folder."""
    caption: str = ""
    """The first that a page has for it."""
    other_captions: list[str] = field(default_factory=list)
    references: list[tuple[str, Reference]] = field(default_factory=list)
    """Where it is shown: pages and URLs in them."""


class Plan:
    """The pictures to convert and the files to copy, by their paths below the site's folder."""

    def __init__(
        self,
        site: Site,
        pages: Sequence[str],
        takes: Callable[[Path], bool],
        suffix: str,
        *,
        strict: bool,
    ) -> None:
        """Reads pages and style sheets.

        Args:
            site: Whose files count.
            pages: Their paths in it.
            takes: Whether a picture that a page shows is to be converted; else it is copied.
            suffix: Of what it becomes.
            strict: Whether a page that cannot be read as HTML is an error; else it is copied.

        Raises:
            ConfigError: A page cannot be read as one.
        """
        self.site, self._takes = site, takes
        self.pages: dict[str, Page] = {}
        self.shown: dict[str, ShownPicture] = {}
        self.copies: dict[str, None] = {}
        """In the order in which they are named."""
        self.broken: dict[str, ConfigError] = {}
        """Pages that cannot be read, whose pictures so stay as they are."""
        self._notes: dict[str, None] = {}
        self._left_links: dict[str, None] = {}
        for place in pages:
            self._read(place, strict=strict)
        for place, page in self.pages.items():
            self._follow_page(place, page)
        self._follow_sheets()
        self._set_targets(suffix)

    @property
    def notes(self) -> list[str]:
        """What a user should hear of: names that lead to no file, links that stay behind."""
        left = ", ".join(self._left_links)
        told = [f"links that lead to nothing of what is written: {left}"] if left else []
        return [*self._notes, *told]

    def check_targets(self, folder: Path, *, force: bool) -> None:
        """Looks what is where files are to be written.

        Raises:
            ConfigError: A file that is read would be replaced, or another one without ``force``.
        """
        sources = {os.path.realpath(self.site.root / place) for place in self._sources()}
        taken = []
        for place, source in self._targets():
            target = folder / place
            if not os.path.lexists(target):
                continue
            if os.path.realpath(target) in sources:
                raise ConfigError(f"{target} is a file of the page itself; give another folder")
            if not force and not (source and have_same_bytes(self.site.root / source, target)):
                taken.append(str(target))
        if taken:
            more = f" and {len(taken) - 5} more" if len(taken) > 5 else ""
            raise ConfigError(
                f"{', '.join(taken[:5])}{more} exist{'s' * (len(taken) == 1)}; give --force to "
                "replace what is there, or another folder"
            )

    def _sources(self) -> Iterator[str]:
        yield from self.pages
        yield from self.shown
        yield from self.copies

    def _targets(self) -> Iterator[tuple[str, str | None]]:
        """Yields each place to be written, and of which file it will be a copy."""
        yield from ((place, None) for place in self.pages)
        yield from ((shown.target, None) for shown in self.shown.values())
        yield from ((place, place) for place in self.copies)

    def _read(self, place: str, *, strict: bool) -> None:
        try:
            self.pages[place] = Page.read(self.site.root / place)
        except ConfigError as error:
            if strict:
                raise
            self.copies[place] = None
            if isinstance(error, NotAPageError):
                self._notes[f"{place}: is not an HTML page, so it is copied as it is"] = None
            else:
                self.broken[place] = error

    def _follow_page(self, place: str, page: Page) -> None:
        folder: str | None = posixpath.dirname(place)
        try:
            if page.base_href is not None:
                folder = self.site.base_of(page.base_href, folder)
        except AddressError as error:
            self._note(place, page.base_href or "", error)
            folder = None
        if folder is None:
            told = f"its <base> is {page.base_href}, so what it names is not looked for here"
            self._notes[f"{place}: {told}"] = None
        for reference in page.references:
            self._follow(place, page, reference, folder)
        for url in page.style_urls:
            self._copy(place, url, folder)

    def _follow(self, place: str, page: Page, reference: Reference, folder: str | None) -> None:
        if reference.role is Role.LINKED:
            self._follow_link(reference.url, folder)
            return
        if reference.role is Role.POSSIBLE:
            with contextlib.suppress(AddressError):
                self._add_copy(self.site.file_of(reference.url, folder))
            return
        if reference.role is not Role.SHOWN:
            self._copy(place, reference.url, folder)
            return
        file = self._file(place, reference.url, folder)
        if file is None:
            return
        if not self._takes(self.site.root / file):
            self.copies[file] = None
            return
        shown = self.shown.setdefault(file, ShownPicture())
        shown.references.append((place, reference))
        caption = page.caption_of(reference)
        shown.caption = shown.caption or caption
        if caption and caption != shown.caption:
            shown.other_captions.append(caption)

    def _follow_link(self, url: str, folder: str | None) -> None:
        try:
            file = self.site.file_of(url, folder)
        except AddressError:
            self._left_links[url] = None
            return
        if file is None or file in self.pages or file in self.copies:
            return
        if PurePosixPath(file).suffix.lower() in _PAGES:
            self._left_links[url] = None
        else:
            self.copies[file] = None

    def _copy(self, place: str, url: str, folder: str | None) -> None:
        self._add_copy(self._file(place, url, folder))

    def _add_copy(self, file: str | None) -> None:
        if file is not None and file not in self.pages:
            self.copies[file] = None

    def _follow_sheets(self) -> None:
        waiting = [file for file in self.copies if file.lower().endswith(_SHEET)]
        seen = set(waiting)
        for file in waiting:  # which grows
            try:
                urls = urls_in_sheet((self.site.root / file).read_bytes())
            except OSError:
                continue  # to copy it will fail, too, and be told
            for url in urls:
                found = self._file(file, url, posixpath.dirname(file))
                if found is None:
                    continue
                self.copies[found] = None
                if found.lower().endswith(_SHEET) and found not in seen:
                    seen.add(found)
                    waiting.append(found)

    def _file(self, place: str, url: str, folder: str | None) -> str | None:
        try:
            return self.site.file_of(url, folder)
        except AddressError as error:
            self._note(place, url, error)
        return None

    def _note(self, place: str, url: str, error: AddressError) -> None:
        self._notes[f"{place}: {url[:200]} stays as it is: {error}"] = None

    def _set_targets(self, suffix: str) -> None:
        """Names what is made, by what else is in a folder and not by what else a page shows.

        So another page of the same site gives the same names, and never another picture's.
        """
        Image.init()
        suffixes = {*Image.registered_extensions(), *_FURTHER_PICTURES}
        in_folder: dict[str, set[str]] = defaultdict(set)
        for place in self.shown:
            in_folder[posixpath.dirname(place)].add(posixpath.basename(place))
        for folder, names in in_folder.items():
            try:
                paths = list((self.site.root / folder).iterdir())
                pictures = {p.name for p in paths if _may_be_picture(p, suffixes)}
            except PermissionError:  # its files may be read, and not be listed
                paths, pictures = [], set()
            there = names | {path.name for path in paths}
            made = names_with_suffix(names | pictures, suffix, taken=there)
            for name in names:
                target = posixpath.join(folder, made[name])
                self.shown[posixpath.join(folder, name)].target = target


def _may_be_picture(path: Path, suffixes: Collection[str]) -> bool:
    found = path.suffix.lower()
    return found in suffixes if found else path.is_file()


def have_same_bytes(a: Path, b: Path) -> bool:
    """Returns whether two files hold the same bytes."""
    if not b.is_file() or a.stat().st_size != b.stat().st_size:
        return False
    with a.open("rb") as one, b.open("rb") as other:
        while piece := one.read(2**20):
            if piece != other.read(2**20):
                return False
    return True
