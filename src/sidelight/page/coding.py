"""A page to coded pictures and back; the captions stay in the HTML, where they were."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bs4 import Tag

from sidelight.carriers.registry import SUFFIXES, carrier_of_suffix
from sidelight.errors import CodecError, ConfigError
from sidelight.page.captions import caption_in_page
from sidelight.page.document import Page, point_to
from sidelight.pixels.atomic import write_atomically
from sidelight.pixels.files import read_picture, write_picture
from sidelight.pixels.picture import Picture

_END_TO_END = ".slt"

Encode = Callable[[Picture, str], bytes]
"""Makes a file of a picture and of its caption, which only a digest may use."""
Decode = Callable[[bytes, str], Picture]
"""Makes a picture of a file and of its caption, "" for none."""


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


def encode_page(page: Path, folder: Path, encode: Encode, *, suffix: str) -> PageResult:
    """Writes the page into ``folder`` with every local picture coded.

    The captions stay in the page. Pictures that are coded so already stay as they are.

    Args:
        page: An HTML file; pictures at or below its folder count as local.
        folder: Not the page's own.
        encode: Encodes.
        suffix: Of the coded files, such as ".avif".

    Raises:
        ConfigError: ``page`` is not an HTML page, or ``folder`` is its own.
    """

    def convert(source: Path, target: Path, caption: str) -> tuple[str, ...]:
        picture = read_picture(source)
        write_atomically(target, encode(picture, caption))
        return picture.notes

    return _convert(page, folder, convert, suffix=suffix, takes=lambda p: not _is_coded(p, suffix))


def _is_coded(place: Path, suffix: str) -> bool:
    found = place.suffix.lower()
    if found in (_END_TO_END, suffix):
        return True
    carrier = carrier_of_suffix(suffix)
    return carrier is not None and found in carrier.suffixes


def decode_page(page: Path, folder: Path, decode: Decode, *, format: str = "png") -> PageResult:
    """Writes the page into ``folder`` with every coded picture decoded by its caption.

    Args:
        page: An HTML file: as ``encode_page`` wrote it, or any page with AVIF, JPEG, WebP, JPEG XL
            or .slt files.
        folder: Not the page's own.
        decode: Decodes.
        format: Suffix of the pictures, such as "png" or "webp".

    Raises:
        ConfigError: ``page`` is not an HTML page, or ``folder`` is its own.
    """

    def convert(source: Path, target: Path, caption: str) -> tuple[str, ...]:
        picture = decode(source.read_bytes(), caption)
        write_picture(picture, target)
        return picture.notes

    coded = (*SUFFIXES, _END_TO_END)
    return _convert(
        page, folder, convert, suffix=f".{format}", takes=lambda p: p.suffix.lower() in coded
    )


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
