"""A page to .slt pictures and back; the captions stay in the HTML, where they were."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bs4 import Tag

from sidelight.codec import Codec
from sidelight.errors import CodecError, ConfigError
from sidelight.page.captions import caption_in_page
from sidelight.page.document import Page, point_to
from sidelight.pixels.atomic import write_atomically
from sidelight.pixels.files import read_picture, write_picture

_CODED = ".slt"


class CodedPicture(NamedTuple):
    """One picture of a page, before and after."""

    source: Path
    target: Path
    bytes_before: int
    bytes_after: int
    caption: str
    """What the page says of it, canonical; "" for nothing."""
    notes: tuple[str, ...]
    """What a user should hear of: conversions, a caption that the sender had not."""


class PageResult(NamedTuple):
    """What became of a page's pictures; those that failed stay as they were."""

    page: Path
    pictures: list[CodedPicture]
    failures: list[tuple[Path, Exception]]


def encode_page(
    page: Path, folder: Path, codec: Codec, *, quality: float, digest: bool = False
) -> PageResult:
    """Writes the page into ``folder`` with every local picture as a .slt file.

    The encoder never reads the captions: they stay in the page.

    Args:
        page: An HTML file; pictures at or below its folder count as local.
        folder: Not the page's own.
        codec: Encodes.
        quality: 1 to 9.
        digest: Puts four bytes of each caption's digest into its file, so that the decoder
            notices when the page was edited.

    Raises:
        ConfigError: ``page`` is not an HTML page, or ``folder`` is its own.
    """

    def encode(source: Path, target: Path, caption: str) -> tuple[str, ...]:
        picture = read_picture(source)
        digested = caption if digest and caption else None
        write_atomically(target, codec.encode(picture, quality=quality, digest_caption=digested))
        return picture.notes

    return _convert(page, folder, encode, suffix=_CODED, takes=lambda p: p.suffix != _CODED)


def decode_page(page: Path, folder: Path, codec: Codec, *, format: str = "png") -> PageResult:
    """Writes the page into ``folder`` with every .slt file as a picture, decoded with its caption.

    Args:
        page: An HTML file as ``encode_page`` wrote it.
        folder: Not the page's own.
        codec: Decodes.
        format: Suffix of the pictures, such as "png" or "webp".

    Raises:
        ConfigError: ``page`` is not an HTML page, or ``folder`` is its own.
    """

    def decode(source: Path, target: Path, caption: str) -> tuple[str, ...]:
        picture = codec.decode(source.read_bytes(), caption or None)
        write_picture(picture, target)
        return picture.notes

    return _convert(page, folder, decode, suffix=f".{format}", takes=lambda p: p.suffix == _CODED)


def _convert(
    page: Path,
    folder: Path,
    convert: Callable[[Path, Path, str], tuple[str, ...]],
    *,
    suffix: str,
    takes: Callable[[Path], bool],
) -> PageResult:
    """Converts each picture once, points the page to it, and copies what else the page names."""
    if folder.resolve() == page.resolve().parent:
        raise ConfigError(f"{folder} is the page's own folder; give another one")
    document = Page.read(page)
    shown: dict[Path, list[Tag]] = {}
    for image in document.images():
        source = document.file_of(image, "src")
        if source is not None and takes(source):
            shown.setdefault(source, []).append(image)
    result = PageResult(folder / page.name, [], [])
    for source, images in shown.items():
        caption = caption_in_page(images[0])
        place = _renamed(source, suffix, shown)
        try:
            notes = convert(document.folder / source, folder / place, caption)
        except (CodecError, OSError) as error:
            result.failures.append((source, error))
            continue
        before, after = (
            (root / path).stat().st_size
            for root, path in ((document.folder, source), (folder, place))
        )
        result.pictures.append(CodedPicture(source, place, before, after, caption, notes))
        for image in images:
            point_to(image, place)
    document.copy_files(folder)
    document.write(result.page)
    return result


def _renamed(source: Path, suffix: str, others: dict[Path, list[Tag]]) -> Path:
    # a.jpg and a.png must not both become a.slt
    renamed = source.with_suffix(suffix)
    alone = sum(other.with_suffix(suffix) == renamed for other in others) == 1
    return renamed if alone else source.with_name(source.name + suffix)
