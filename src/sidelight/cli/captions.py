"""Which caption a command uses, and where it came from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from sidelight.bitstream.header import MAGIC
from sidelight.cli.streams import STREAM

if TYPE_CHECKING:
    from sidelight.captions.find import CaptionFinder, FoundCaption
    from sidelight.codec.opened import OpenedFile

CaptionOption = Annotated[str | None, typer.Option("--caption", "-c", help="The caption.")]
CaptionFromOption = Annotated[
    str | None,
    typer.Option(
        "--caption-from",
        metavar="PLACE",
        help="Where captions lie: auto, none, sidecar (.txt), xmp, iptc, exif, or a .txt or .json "
        "file.",
    ),
]


class SentCaption(NamedTuple):
    """What one file embeds or digests."""

    text: str | None
    notes: tuple[str, ...] = ()


class CaptionToSend:
    """The caption that ``encode`` embeds or digests: given once, or found for each picture."""

    def __init__(self, verb: str, *, given: str | None, place: str | None) -> None:
        self._verb, self._given = verb, given
        self._finder = _finder(given, place)

    @property
    def is_one(self) -> bool:
        """Whether it is the same for all pictures."""
        return self._given is not None or (self._finder is not None and self._finder.finds_one)

    def of(self, source: str, file: bytes) -> SentCaption:
        """Returns the caption for a picture file, with its bytes already read."""
        if self._finder is None:
            return SentCaption(self._given)
        found = self._finder.of_picture(_path(source), file)
        passed_over = found.notes if found else ()
        if found is None or not found.text:
            return SentCaption(None, (f"no caption found to {self._verb}", *passed_over))
        return SentCaption(found.text, (f"caption to {self._verb}: {found.origin}", *passed_over))


class CaptionToRead:
    """The caption that ``decode`` reads: given once, or found for each file."""

    def __init__(self, *, given: str | None, place: str | None) -> None:
        self._given, self._place = given, place
        self._finder = _finder(given, place)

    def of(self, source: str, data: bytes, opened: "OpenedFile") -> "FoundCaption":
        """Returns the caption asked for; without a wish the one inside, else beside, else none.

        Args:
            source: Where the file was read, or "-".
            data: Its bytes.
            opened: The same file, opened.
        """
        from sidelight.captions.find import AUTO, CaptionFinder, FoundCaption

        if self._given is not None:
            return FoundCaption(self._given, "given" if self._given else "none, as asked")
        inside = opened.caption_read(None)
        if self._place in (None, AUTO) and inside:
            return FoundCaption(inside, "the one inside the file")
        finder = self._finder or CaptionFinder("sidecar", is_asked=False)
        if data.startswith(MAGIC):
            found = finder.of_coded(_path(source), opened.exif)
        else:
            found = finder.of_picture(_path(source), data)
        return found or FoundCaption("", "none found")


def _finder(given: str | None, place: str | None) -> "CaptionFinder | None":
    from sidelight.captions.find import CaptionFinder

    if given is not None and place is not None:
        raise typer.BadParameter("give only one of --caption and --caption-from")
    return None if place is None else CaptionFinder(place)


def _path(source: str) -> Path | None:
    return None if source == STREAM else Path(source)
