"""Which caption a command uses, and where it came from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from sidelight.bitstream.container import Container
from sidelight.bitstream.header import MAGIC
from sidelight.cli.streams import STREAM

if TYPE_CHECKING:
    from sidelight.text.sources import FoundCaption

TextOption = Annotated[str | None, typer.Option("--text", help="The caption.")]
TextFileOption = Annotated[
    Path | None, typer.Option("--text-file", help="A UTF-8 file that holds the caption.")
]
TextFromOption = Annotated[
    str | None,
    typer.Option(
        "--text-from",
        metavar="PLACE",
        help="Where captions lie: auto, xmp, exif, sidecar (.txt), or a JSON file of captions.",
    ),
]


class SentCaption(NamedTuple):
    """What one file embeds or digests."""

    text: str | None
    notes: tuple[str, ...] = ()


class CaptionToSend:
    """The caption that ``encode`` embeds or digests: given once, or found for each picture."""

    def __init__(self, verb: str, *, given: str | None, place: str | None) -> None:
        from sidelight.text.sources import CaptionFinder

        if given is not None and place is not None:
            raise typer.BadParameter(f"give --{verb}-caption or --{verb}-from, not both")
        self._verb, self._given = verb, given
        self._finder = None if place is None else CaptionFinder(place)

    def of(self, source: str, file: bytes) -> SentCaption:
        """Returns the caption for a picture file, with its bytes already read."""
        if self._finder is None:
            return SentCaption(self._given)
        found = self._finder.of_picture(_path(source), file)
        if found is None:
            return SentCaption(None, (f"no caption found to {self._verb}",))
        return SentCaption(found.text, (f"caption to {self._verb}: {found.origin}",))


def read_caption(
    data: bytes,
    source: str,
    *,
    text: str | None,
    text_file: Path | None,
    text_from: str | None,
) -> "FoundCaption":
    """Returns the caption asked for; without a wish the one in the file, else beside it, else none.

    Args:
        data: The .slt file, or an ordinary picture.
        source: Where it was read, or "-".
        text: From the command line; "" asks for none.
        text_file: From the command line.
        text_from: From the command line: where to look, as ``CaptionFinder`` takes it.
    """
    from sidelight.text.sources import AUTO, CaptionFinder, FoundCaption, read_text

    if text is not None:
        return FoundCaption(text, "given" if text else "none, as asked")
    if text_file is not None:
        return FoundCaption(read_text(text_file), f"read from {text_file}")
    if data.startswith(MAGIC):
        container = Container.parse(data)
        if text_from in (None, AUTO) and container.caption is not None:
            return FoundCaption(container.caption, "the one inside the file")
        found = CaptionFinder(text_from or "sidecar").of_coded(_path(source), container.exif)
    elif text_from is None:
        found = _inside_or_beside(data, source)
    else:
        found = CaptionFinder(text_from).of_picture(_path(source), data)
    return found or FoundCaption("", "none found")


def _inside_or_beside(data: bytes, source: str) -> "FoundCaption | None":
    """Returns an ordinary picture's caption in XMP, where ``encode`` puts it, or beside it."""
    from sidelight.pixels.jpeg_xl import is_jpeg_xl
    from sidelight.text.metadata import caption_in_packet, captions_in_picture
    from sidelight.text.sources import CaptionFinder, FoundCaption

    if is_jpeg_xl(data):  # which Pillow does not read
        from sidelight.carriers.reading import read

        caption: str | None = caption_in_packet(read(data).picture.xmp)
    else:
        caption = captions_in_picture(data).get("xmp")
    if caption:
        return FoundCaption(caption, "the one inside the file")
    return CaptionFinder("sidecar").of_picture(_path(source), data)


def _path(source: str) -> Path | None:
    return None if source == STREAM else Path(source)
