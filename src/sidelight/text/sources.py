"""Finds a picture's caption where people keep it (docs/captions.md)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from sidelight.errors import ConfigError, TextError
from sidelight.text.canonical import canonical_caption
from sidelight.text.listing import CaptionListing
from sidelight.text.metadata import captions_in_picture, exif_caption, xmp_caption

AUTO, NONE = "auto", "none"
NAMED_SOURCES = ("xmp", "iptc", "exif", "sidecar")
"""What ``--caption-from`` takes beside "auto", "none" and the path of a .txt or .json file."""


class FoundCaption(NamedTuple):
    """A caption and where it was found."""

    text: str
    origin: str


class CaptionFinder:
    """Looks in one place, or in all: metadata, files beside the picture, a JSON listing."""

    def __init__(self, source: str) -> None:
        """Takes "auto", "none", one of ``NAMED_SOURCES``, or the path of a .txt or .json file.

        Raises:
            ConfigError: ``source`` is none of them.
            TextError: The file is no text, or lists no captions.
        """
        self._source = source
        self._listing: CaptionListing | None = None
        self._only: FoundCaption | None = None
        path = Path(source)
        if source == NONE:
            self._only = FoundCaption("", "none, as asked")
        elif source in (AUTO, *NAMED_SOURCES):
            pass
        elif not path.is_file():
            raise ConfigError(
                f"captions cannot come from {source!r}: expected {AUTO}, {NONE}, "
                f"{', '.join(NAMED_SOURCES)} or the path of a .txt or .json file"
            )
        elif path.suffix.lower() == ".txt":
            self._only = FoundCaption(read_text(path), f"read from {path}")
        else:
            self._listing = CaptionListing.read(path)

    @property
    def finds_one(self) -> bool:
        """Whether all pictures get the same caption."""
        return self._only is not None and self._only.text != ""

    def of_picture(self, path: Path | None, data: bytes) -> FoundCaption | None:
        """Returns the caption of a picture file.

        Args:
            path: Where it lies; None for stdin, which has no files beside it.
            data: Its bytes.
        """
        inside = captions_in_picture(data)
        names = {"xmp": "XMP dc:description", "iptc": "IPTC caption", "exif": "EXIF"}
        return self._first(
            path, {key: FoundCaption(text, names[key]) for key, text in inside.items()}
        )

    def of_coded(self, path: Path | None, exif: bytes | None) -> FoundCaption | None:
        """Returns the caption of a .slt file, whose EXIF block the codec has kept.

        Args:
            path: Where it lies; None for stdin.
            exif: The block inside the file.
        """
        inside = {}
        if exif is not None and (text := exif_caption(exif)):
            inside["exif"] = FoundCaption(text, "EXIF")
        return self._first(path, inside)

    def _first(self, path: Path | None, inside: dict[str, FoundCaption]) -> FoundCaption | None:
        if self._only is not None:
            return self._only
        if self._listing is not None:
            captions = self._listing.find(path) if path else []
            return FoundCaption(captions[0], self._source) if captions else None
        for name, look in self._places(path, inside):
            if self._source in (AUTO, name) and (found := look()):
                return found
        return None

    def _places(
        self, path: Path | None, inside: dict[str, FoundCaption]
    ) -> Iterator[tuple[str, Callable[[], FoundCaption | None]]]:
        """Yields where to look in the order of trust: what a person wrote last comes first."""
        if path is not None:
            yield "sidecar", lambda: _beside(path, ".txt", read_text)
            yield "xmp", lambda: _beside(path, ".xmp", _read_xmp)
        for name in ("xmp", "iptc", "exif"):
            yield name, lambda name=name: inside.get(name)  # type: ignore[misc]


def read_text(path: Path) -> str:
    """Returns the caption in a text file.

    Raises:
        TextError: The file is not UTF-8.
    """
    try:
        return canonical_caption(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TextError(f"{path} is not UTF-8 text: {error}") from None


def _read_xmp(path: Path) -> str:
    try:
        return xmp_caption(path.read_bytes())
    except Exception as error:  # the parser raises many kinds
        raise TextError(f"{path} is not an XMP packet: {error}") from None


def _beside(path: Path, suffix: str, read: Callable[[Path], str]) -> FoundCaption | None:
    # photo.jpg may have photo.txt or photo.jpg.txt
    for place in (path.with_suffix(suffix), path.with_name(path.name + suffix)):
        if place != path and place.is_file() and (caption := read(place)):
            return FoundCaption(caption, f"read from {place}")
    return None
