"""Which caption a picture gets, and where it came from."""

from pathlib import Path
from typing import NamedTuple

from sidelight.bitstream.header import MAGIC
from sidelight.bulk.streams import STREAM
from sidelight.captions.canonical import canonical_caption
from sidelight.captions.find import AUTO, SIDECAR, CaptionFinder, FoundCaption
from sidelight.codec.opened import OpenedFile
from sidelight.errors import ConfigError


class SentCaption(NamedTuple):
    """What one file embeds or digests."""

    text: str | None
    notes: tuple[str, ...] = ()


class CaptionToSend:
    """The caption that encoding embeds or digests: given once, or found for each picture."""

    def __init__(self, verb: str, *, given: str | None, place: str | None) -> None:
        self._verb, self._given = verb, given
        self._finder = _finder(given, place)

    @property
    def is_one(self) -> bool:
        """Whether it is the same for all pictures."""
        return self._given is not None or (self._finder is not None and self._finder.finds_one)

    def of(self, name: str, file: bytes, beside: str | None = None) -> SentCaption:
        """Returns the caption for a picture file.

        Args:
            name: Where it was read, or "-".
            file: Its bytes.
            beside: As for ``Coding.code``.
        """
        if self._finder is None:
            return SentCaption(self._given)
        found = self._finder.of_picture(_path(name), file, beside=beside)
        passed_over = found.notes if found else ()
        if found is None or not found.text:
            return SentCaption(None, (f"no caption found to {self._verb}", *passed_over))
        return SentCaption(found.text, (f"caption to {self._verb}: {found.origin}", *passed_over))


class CaptionToRead:
    """The caption that decoding reads: given once, or found for each file."""

    def __init__(self, *, given: str | None, place: str | None) -> None:
        self._given, self._place = given, place
        self._finder = _finder(given, place)

    def of(
        self, name: str, data: bytes, opened: OpenedFile, beside: str | None = None
    ) -> FoundCaption:
        """Returns the caption asked for; without a wish the one inside, else beside, else none.

        Args:
            name: Where the file was read, or "-".
            data: Its bytes.
            opened: The same file, opened.
            beside: As for ``Coding.code``.
        """
        if self._given is not None:
            if not canonical_caption(self._given):
                return FoundCaption("", "none, as asked")
            return FoundCaption(self._given, "given")
        inside = opened.caption_read(None)
        if self._place in (None, AUTO) and inside:
            return FoundCaption(inside, "the one inside the file")
        finder = self._finder or CaptionFinder(SIDECAR, is_asked=False)
        if data.startswith(MAGIC):
            found = finder.of_coded(_path(name), opened.exif, beside=beside)
        else:
            found = finder.of_picture(_path(name), data, beside=beside)
        return found or FoundCaption("", finder.none_found)


def _finder(given: str | None, place: str | None) -> CaptionFinder | None:
    if given is not None and place is not None:
        raise ConfigError("give one caption, or a place where captions lie, not both")
    return None if place is None else CaptionFinder(place)


def _path(name: str) -> Path | None:
    return None if name == STREAM else Path(name)
