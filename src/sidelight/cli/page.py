"""``sidelight page``: an HTML page whose pictures travel as small files with their captions."""

import contextlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from sidelight.bitstream.quality import DEFAULT_QUALITY, MAX_QUALITY, MIN_QUALITY
from sidelight.bulk.jobs import find_jobs
from sidelight.cli.messages import count, say, show
from sidelight.cli.options import (
    CaptionAs,
    ForceOption,
    MaxPixelsOption,
    ModelOption,
    ProcessesOption,
    as_suffix,
)
from sidelight.cli.progress import progress_bar
from sidelight.errors import ConfigError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sidelight.page.coding import PagesResult, Report
    from sidelight.pixels.picture import Picture

PageArgument = Annotated[
    Path,
    typer.Argument(metavar="PAGE", help="HTML file, or a folder with the pages of a whole site."),
]
FolderArgument = Annotated[
    Path,
    typer.Argument(metavar="FOLDER", help="Where the pages and their files go.", file_okay=False),
]
RootOption = Annotated[
    Path | None,
    typer.Option(
        help="The site's folder, for which / stands in a page; PAGE's own if not given.",
        file_okay=False,
    ),
]

_PAGES = (".html", ".htm", ".xhtml", ".xht")


def encode(
    page: PageArgument,
    folder: FolderArgument,
    *,
    quality: Annotated[
        float, typer.Option(min=MIN_QUALITY, max=MAX_QUALITY, help="1 (smallest files) to 9.")
    ] = DEFAULT_QUALITY,
    format: Annotated[
        str,
        typer.Option(callback=as_suffix, help="Of the pictures: avif, jpg, webp, jxl or slt."),
    ] = "avif",
    caption_as: Annotated[
        CaptionAs | None,
        typer.Option(
            help="Embed each caption in its picture's file too, or put 4 bytes of its digest into "
            "the .slt file."
        ),
    ] = None,
    root: RootOption = None,
    model: ModelOption = None,
    max_pixels: MaxPixelsOption = None,
    jobs: ProcessesOption = None,
    force: ForceOption = False,
) -> None:
    """Code the pictures of PAGE that lie in its site.

    Their captions stay in the page. A picture's caption is its figcaption, else its alt text, else
    its title, else the heading above it. What else the page names is copied: drawings, moving
    pictures, style sheets.
    """
    _need_parser()
    from sidelight.carriers.registry import SUFFIXES, carrier_of_suffix
    from sidelight.page.coding import encode_pages

    suffix = f".{format}"
    carrier = carrier_of_suffix(suffix)
    if carrier is None and suffix != ".slt":
        known = ", ".join(place.removeprefix(".") for place in (*SUFFIXES, ".slt"))
        raise ConfigError(f"--format takes one of {known}, got {format!r}")
    if carrier is not None and (caption_as is CaptionAs.DIGEST or model is not None):
        raise ConfigError(f"--caption-as digest and --model are for .slt files, not for {format}")

    write = _Encode(suffix, quality, None if caption_as is None else caption_as.value, model)
    found = _pages(page, root, folder)
    with _progress() as report:
        result = encode_pages(
            found.pages,
            found.root,
            folder,
            write,
            suffix=suffix,
            max_pixels=max_pixels,
            strict=not page.is_dir(),
            force=force,
            processes=jobs,
            report=report,
        )
    _tell(result, found.unread)


def decode(
    page: PageArgument,
    folder: FolderArgument,
    *,
    format: Annotated[
        str,
        typer.Option(callback=as_suffix, help="Of the pictures, such as png or webp."),
    ] = "png",
    realism: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Dial of ordinary pictures.")
    ] = None,
    root: RootOption = None,
    model: ModelOption = None,
    max_pixels: MaxPixelsOption = None,
    jobs: ProcessesOption = None,
    force: ForceOption = False,
) -> None:
    """Decode the pictures of PAGE by the page's own captions.

    These are its AVIF, JPEG, WebP, JPEG XL and .slt files.
    """
    _need_parser()
    if not format.isalnum():
        raise typer.BadParameter(f"--format takes a suffix such as png, got {format!r}")
    from sidelight.page.coding import decode_pages

    improve = _Decode(model, realism, max_pixels)
    found = _pages(page, root, folder)
    with _progress() as report:
        result = decode_pages(
            found.pages,
            found.root,
            folder,
            improve,
            format=format,
            strict=not page.is_dir(),
            force=force,
            processes=jobs,
            report=report,
        )
    _tell(result, found.unread)


@dataclass(frozen=True, slots=True)
class _Encode:
    """Makes a file of a picture and its caption; travels to other processes."""

    suffix: str
    quality: float
    caption_as: str | None
    model: str | None

    def __call__(self, picture: "Picture", caption: str) -> bytes:
        from sidelight.api import load
        from sidelight.carriers.registry import carrier_of_suffix

        sent = (caption or None) if self.caption_as else None
        if (carrier := carrier_of_suffix(self.suffix)) is not None:
            return carrier.encode(picture, self.quality, caption=sent)
        form = self.caption_as or CaptionAs.DIGEST.value
        return load(self.model).encode(picture, quality=self.quality, caption=sent, caption_as=form)


@dataclass(frozen=True, slots=True)
class _Decode:
    """Makes a picture of a file and its caption; travels to other processes."""

    model: str | None
    realism: float | None
    max_pixels: int | None

    def __call__(self, data: bytes, caption: str) -> "Picture":
        from sidelight.api import decoder_of
        from sidelight.codec.codec import OpenedSlt

        opened = decoder_of(data, self.model, max_pixels=self.max_pixels).open(data)
        dial = None if isinstance(opened, OpenedSlt) else self.realism  # a page may hold both kinds
        return opened.decode(caption or None, realism=dial)


def _need_parser() -> None:
    if not all(importlib.util.find_spec(name) for name in ("bs4", "tinycss2")):
        raise ConfigError("pages need an HTML parser: pip install 'sidelight[page]'")


class _Pages(NamedTuple):
    pages: list[Path]
    root: Path
    unread: list[tuple[str, str]]
    """What was left out, and why."""


def _pages(page: Path, root: Path | None, folder: Path) -> _Pages:
    """Returns the pages that PAGE stands for."""
    if not page.is_dir():
        return _Pages([page], root or page.parent, [])
    found = find_jobs(str(page), str(folder), read_suffixes=_PAGES, suffix=".html")
    places = [Path(job.source) for job in found.jobs]
    alien = [p for p in places if not p.resolve().is_relative_to(page.resolve())]
    reason = "a link leads out of the site's folder"
    unread = [*found.unread, *((str(place), reason) for place in alien)]
    pages = []
    for place in places:
        if place in alien:
            continue
        try:
            place.open("rb").close()
            pages.append(place)
        except OSError as error:
            unread.append((str(place), error.strerror or str(error)))
    return _Pages(pages, root or page, unread)


@contextlib.contextmanager
def _progress() -> "Iterator[Report]":
    with progress_bar(transient=True) as progress:
        task = progress.add_task("pictures", total=None)
        yield lambda done, total, name: progress.update(
            task, completed=done, total=total, description=name
        )


def _tell(result: "PagesResult", unread: list[tuple[str, str]]) -> None:
    for picture in result.pictures:
        show(
            f"{picture.source} -> {picture.target}: {picture.bytes_before} -> "
            f"{picture.bytes_after} bytes"
        )
        for note in (f"caption: {picture.caption or 'none found'}", *picture.notes):
            say(f"{picture.source}: {note}")
    before = sum(picture.bytes_before for picture in result.pictures)
    after = sum(picture.bytes_after for picture in result.pictures)
    told = f"{count(len(result.pictures), 'picture')}, {before} -> {after} bytes"
    if result.copied:
        told += f"; {count(len(result.copied), 'file')} copied"
    written = str(result.pages[0]) if len(result.pages) == 1 else count(len(result.pages), "page")
    show(f"{written}: {told}")
    for note in (*(f"{place}: {reason}" for place, reason in unread), *result.notes):
        say(note)
    if result.failures:
        say(f"{count(len(result.failures), 'file')} failed, left as before:")
        for source, error in result.failures:
            say(f"  {source}: {reason_of(error).removeprefix(f'{source}: ')}")
    if result.failures or unread:
        raise typer.Exit(1)
