"""Finds a picture's caption where people keep it (docs/captions.md)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from sidelight.bitstream.compression import check_caption
from sidelight.captions.canonical import canonical_caption
from sidelight.captions.listing import CaptionListing
from sidelight.captions.metadata import captions_in_picture, exif_caption, xmp_caption
from sidelight.errors import ConfigError, TextError
from sidelight.pixels.suffixes import picture_suffixes

AUTO, NONE = "auto", "none"
SIDECAR = "sidecar"
NAMED_SOURCES = ("xmp", "iptc", "exif", SIDECAR)
"""What ``--caption-from`` takes beside "auto", "none" and the path of a .txt or .json file."""
_MOST_BYTES = 2**22
"""What a file beside a picture may have; an XMP packet with its history may be long."""
_FILES = (".txt", ".json")
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class FoundCaption(NamedTuple):
    """A caption and where it was found."""

    text: str
    """"" where there is none that can be used."""
    origin: str
    notes: tuple[str, ...] = ()
    """What lay there and could not be used."""


class CaptionFinder:
    """Looks in one place, or in all: metadata, files beside the picture, a JSON listing."""

    def __init__(self, source: str, *, is_asked: bool = True) -> None:
        """Takes "auto", "none", one of ``NAMED_SOURCES``, or the path of a .txt or .json file.

        Args:
            source: Where to look.
            is_asked: Whether a person named that very place, so that a file there that holds no
                caption is an error; else it is passed over with a note, as always for "auto".

        Raises:
            ConfigError: ``source`` is none of them.
            TextError: The file is no text, or lists no captions.
        """
        self._source = source
        self._is_strict = is_asked and source != AUTO
        self._listing: CaptionListing | None = None
        self._only: FoundCaption | None = None
        path = Path(source)
        if source == NONE:
            self._only = FoundCaption("", "none, as asked")
        elif source in (AUTO, *NAMED_SOURCES):
            pass
        elif not path.is_file():
            raise ConfigError(_why_not(source))
        elif path.suffix.lower() == ".txt":
            text = read_text(path)
            self._only = FoundCaption(text, f"read from {path}" if text else f"none in {path}")
        else:
            self._listing = CaptionListing.read(path)

    @property
    def finds_one(self) -> bool:
        """Whether all pictures get the same caption."""
        return self._only is not None and self._only.text != ""

    @property
    def none_found(self) -> str:
        """What to tell of a picture that has no caption there."""
        return "none found" if self._listing is None else f"none found in {self._source}"

    def of_picture(
        self, path: Path | None, data: bytes, *, beside: str | None = None
    ) -> FoundCaption | None:
        """Returns the caption of a picture file, None where nothing lies in the places looked at.

        Args:
            path: Where it lies; None for stdin, which has no files beside it.
            data: Its bytes.
            beside: What stands in the place of a file beside it, as in a row of a table; "" for
                nothing. ``path`` is then looked up in a listing only.
        """
        inside = captions_in_picture(data)
        names = {"xmp": "XMP dc:description", "iptc": "IPTC caption", "exif": "EXIF"}
        found = {key: FoundCaption(text, names[key]) for key, text in inside.items()}
        return self._first(path, found, beside)

    def of_coded(
        self, path: Path | None, exif: bytes | None, *, beside: str | None = None
    ) -> FoundCaption | None:
        """Returns the caption of a .slt file, whose EXIF block the codec has kept.

        Args:
            path: Where it lies; None for stdin.
            exif: The block inside the file.
            beside: As for ``of_picture``.
        """
        inside = {}
        if exif is not None and (text := exif_caption(exif)):
            inside["exif"] = FoundCaption(text, "EXIF")
        return self._first(path, inside, beside)

    def _first(
        self, path: Path | None, inside: dict[str, FoundCaption], beside: str | None
    ) -> FoundCaption | None:
        if self._only is not None:
            return self._only
        if self._listing is not None:
            captions = self._listing.find(path) if path else []
            return FoundCaption(captions[0], self._source) if captions else None
        notes: list[str] = []
        for name, look in self._places(path, inside, beside):
            if self._source not in (AUTO, name):
                continue
            try:
                found = look()
            except TextError as error:
                if self._is_strict:
                    raise
                notes.append(f"no caption, passed over: {error}")
                continue
            if found:
                return found._replace(notes=tuple(notes))
        return FoundCaption("", self.none_found, tuple(notes)) if notes else None

    def _places(
        self, path: Path | None, inside: dict[str, FoundCaption], beside: str | None
    ) -> Iterator[tuple[str, Callable[[], FoundCaption | None]]]:
        """Yields where to look in the order of trust: what a person wrote last comes first."""
        if beside is not None:
            yield SIDECAR, lambda: _given(beside)
        elif path is not None:
            yield SIDECAR, lambda: _beside(path, ".txt", read_text)
            yield "xmp", lambda: _beside(path, ".xmp", _read_xmp)
        for name in ("xmp", "iptc", "exif"):
            yield name, lambda name=name: inside.get(name)  # type: ignore[misc]


def _why_not(source: str) -> str:
    """Returns why captions cannot come from a place that is no file."""
    expected = (
        f"expected {AUTO}, {NONE}, {', '.join(NAMED_SOURCES)} or the path of a .txt or .json file"
    )
    path = Path(source)
    if source and path.is_dir():
        return f"captions cannot come from {source!r}, which is a folder: {expected}"
    if path.suffix.lower() in _FILES:
        return f"{source}: no such file to take captions from"
    return f"captions cannot come from {source!r}: {expected}"


def read_text(path: Path) -> str:
    """Returns the caption in a text file: UTF-8, or UTF-16 with its mark.

    Raises:
        TextError: The file cannot be read, is of another encoding, or too long for a caption.
    """
    try:
        caption = canonical_caption(_text_of(_read_file(path)))
        check_caption(caption)
    except OSError as error:
        raise TextError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise TextError(f"{path} is not UTF-8 text: {error}") from None
    except TextError as error:
        raise TextError(f"{path}: {error}") from None
    return caption


def _text_of(data: bytes) -> str:
    text = data.decode(_MARKS.get(data[:2], "utf-8-sig"))
    if "\0" in text:
        raise TextError("zero bytes among the text, as in UTF-16 without a mark; save it as UTF-8")
    return text


def _read_file(path: Path) -> bytes:
    """Returns the bytes of a small file.

    Raises:
        TextError: It is larger than anything that holds a caption.
    """
    with path.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise TextError(f"more than {_MOST_BYTES} bytes, too long for a caption")
    return data


def _read_xmp(path: Path) -> str:
    try:
        return xmp_caption(_read_file(path))
    except TextError as error:
        raise TextError(f"{path}: {error}") from None
    except Exception as error:  # the parser raises many kinds
        raise TextError(f"{path} is not an XMP packet: {error}") from None


def _given(beside: str) -> FoundCaption | None:
    caption = canonical_caption(beside)
    check_caption(caption)
    return FoundCaption(caption, "the one beside it") if caption else None


def _beside(path: Path, suffix: str, read: Callable[[Path], str]) -> FoundCaption | None:
    for place in _names_beside(path, suffix):
        if place != path and _is_file(place) and (caption := read(place)):
            return FoundCaption(caption, f"read from {place}")
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds NUL
        return False


def _names_beside(path: Path, suffix: str) -> Iterator[Path]:
    """Yields where a picture's sidecar may lie.

    photo.jpg may have photo.txt or photo.jpg.txt; when it was coded, photo.slt has those too, and
    so has photo.jpg.slt.
    """
    yield path.with_suffix(suffix)
    yield path.with_name(path.name + suffix)
    inner = Path(path.stem)
    if inner.suffix.lower() in picture_suffixes():
        yield path.with_name(inner.stem + suffix)
    else:
        for coded in sorted(picture_suffixes()):
            for written in (coded, coded.upper()):
                yield path.with_name(f"{path.stem}{written}{suffix}")
