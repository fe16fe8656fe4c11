"""Pages to coded pictures and back; the captions stay in the HTML, where they were."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from sidelight.carriers.registry import SUFFIXES, carrier_of_suffix
from sidelight.errors import CodecError, ConfigError, is_out_of_memory
from sidelight.files import copy_atomically, write_atomically
from sidelight.limits import MAX_PIXELS
from sidelight.page.addresses import Site, renamed
from sidelight.page.plan import Plan, ShownPicture, have_same_bytes
from sidelight.page.references import Reference
from sidelight.pixels.files import read_picture, write_picture
from sidelight.pixels.kinds import FIRST_FRAME
from sidelight.pixels.opening import open_picture
from sidelight.pixels.picture import Picture

_END_TO_END = ".slt"
_DRAWINGS = (".svg", ".svgz")
_MAY_MOVE = ("AVIF", "GIF", "PNG", "WEBP")

Encode = Callable[[Picture, str], bytes]
"""Makes a file of a picture and of its caption, which only a digest may use."""
Decode = Callable[[bytes, str], Picture]
"""Makes a picture of a file and of its caption, "" for none."""
Report = Callable[[int, int, str], None]
"""Hears how many pictures are done, of how many, and which is next."""


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


class PagesResult(NamedTuple):
    """What became of the files that pages name; pictures that failed stay as they were."""

    pages: list[Path]
    pictures: list[CodedPicture]
    copied: list[Path]
    failures: list[tuple[Path, Exception]]
    notes: list[str]
    """On the pages: what they name and what is not there."""


def encode_pages(
    pages: Sequence[Path],
    root: Path,
    folder: Path,
    encode: Encode,
    *,
    suffix: str,
    max_pixels: int | None = None,
    force: bool = False,
    report: Report | None = None,
) -> PagesResult:
    """Writes the pages into ``folder`` with every picture that they show coded.

    The captions stay in the pages. Pictures that are coded so already, drawings (SVG) and moving
    pictures are copied, as is all else that the pages and their style sheets name.

    Args:
        pages: HTML files in ``root``.
        root: The folder that "/" stands for; what is outside of it is left alone.
        folder: Where all is written, each file where it is in ``root``.
        encode: Encodes.
        suffix: Of the coded files, such as ".avif".
        max_pixels: Larger pictures stay as they are, as ones that failed; None for the default.
        force: Whether files that are in ``folder`` already may be replaced.
        report: Hears of the progress.

    Raises:
        ConfigError: A page is not HTML or not in ``root``, or a file would be replaced. Nothing is
            written then.
    """

    def convert(source: Path, target: Path, caption: str) -> tuple[str, ...]:
        picture = read_picture(source, max_pixels=max_pixels)
        write_atomically(target, encode(picture, caption))
        return picture.notes

    def takes(place: Path) -> bool:
        found = place.suffix.lower()
        return not (found in _DRAWINGS or _is_coded(found, suffix) or _moves(place))

    plan = _plan(pages, root, folder, takes, suffix, force=force)
    return _Writer(plan, folder, convert, force=force).write(suffix, report)


def decode_pages(
    pages: Sequence[Path],
    root: Path,
    folder: Path,
    decode: Decode,
    *,
    format: str = "png",
    force: bool = False,
    report: Report | None = None,
) -> PagesResult:
    """Writes the pages into ``folder`` with every coded picture decoded by its caption.

    Args:
        pages: HTML files in ``root``: as ``encode_pages`` wrote them, or any pages with AVIF, JPEG,
            WebP, JPEG XL or .slt files.
        root: As for ``encode_pages``, like all else.
        folder: Where all is written.
        decode: Decodes.
        format: Suffix of the pictures, such as "png" or "webp".
        force: As for ``encode_pages``.
        report: Hears of the progress.

    Raises:
        ConfigError: As for ``encode_pages``.
    """

    def convert(source: Path, target: Path, caption: str) -> tuple[str, ...]:
        picture = decode(source.read_bytes(), caption)
        write_picture(picture, target)
        return picture.notes

    def takes(place: Path) -> bool:
        return place.suffix.lower() in (*SUFFIXES, _END_TO_END) and not _moves(place)

    plan = _plan(pages, root, folder, takes, f".{format}", force=force)
    return _Writer(plan, folder, convert, force=force).write(f".{format}", report)


def _is_coded(found: str, suffix: str) -> bool:
    if found in (_END_TO_END, suffix):
        return True
    carrier = carrier_of_suffix(suffix)
    return carrier is not None and found in carrier.suffixes


def _moves(place: Path) -> bool:
    """Returns whether it has several frames, of which coding would keep the first only."""
    try:
        opened = open_picture(place.read_bytes(), max_pixels=MAX_PIXELS)
        with opened.image as image:
            return image.format in _MAY_MOVE and FIRST_FRAME in opened.notes
    except Exception:  # whoever converts it will say what is wrong with it
        return False


def _plan(
    pages: Sequence[Path],
    root: Path,
    folder: Path,
    takes: Callable[[Path], bool],
    suffix: str,
    *,
    force: bool,
) -> Plan:
    if os.path.realpath(folder) == os.path.realpath(root):
        raise ConfigError(f"{folder} is the page's own folder; give another one")
    plan = Plan(Site(root), [_place(page, root) for page in pages], takes, suffix)
    plan.check_targets(folder, force=force)
    return plan


def _place(page: Path, root: Path) -> str:
    # links stay as they are: a page is where it is named, and its URLs start there
    place = os.path.relpath(page, root)
    if Path(place).parts[0] == os.pardir:
        raise ConfigError(f"{page} is not in {root}; --root takes a folder around the page")
    return Path(place).as_posix()


class _Writer:
    """Carries out a plan."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        convert: Callable[[Path, Path, str], tuple[str, ...]],
        *,
        force: bool,
    ) -> None:
        self._plan, self._folder, self._convert, self._force = plan, folder, convert, force
        self._urls: dict[str, dict[Reference, str]] = {place: {} for place in plan.pages}
        self._result = PagesResult([], [], [], [], plan.notes)

    def write(self, suffix: str, report: Report | None) -> PagesResult:
        """Writes pictures, then what is copied, and the pages last: they name nothing too soon."""
        plan, result = self._plan, self._result
        for done, (place, shown) in enumerate(plan.shown.items()):
            if report is not None:
                report(done, len(plan.shown), place)
            self._trying(self._write_picture, place, shown)
        for place in plan.copies:
            self._trying(self._copy, place)
        for place, page in plan.pages.items():
            written = page.rewritten(self._urls[place], _media_type(suffix))
            write_atomically(self._folder / place, written)
            result.pages.append(self._folder / place)
        return result

    def _trying(self, write: Callable[..., None], place: str, *more: ShownPicture) -> None:
        try:
            write(place, *more)
        except (CodecError, OSError, MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not is_out_of_memory(error):
                raise
            told = {(path, str(reason)) for path, reason in self._result.failures}
            if (Path(place), str(error)) not in told:  # what cannot be read, cannot be copied
                self._result.failures.append((Path(place), error))
            if more:
                self._plan.copies[place] = None

    def _write_picture(self, place: str, shown: ShownPicture) -> None:
        source, target = self._plan.site.root / place, self._folder / shown.target
        notes = self._convert(source, target, shown.caption)
        if shown.other_captions:
            others = ", ".join(dict.fromkeys(shown.other_captions))
            notes = (*notes, f"elsewhere its caption is: {others}")
        self._result.pictures.append(
            CodedPicture(
                Path(place),
                Path(shown.target),
                source.stat().st_size,
                target.stat().st_size,
                shown.caption,
                notes,
            )
        )
        for page, reference in shown.references:
            self._urls[page][reference] = renamed(reference.url, target.name)

    def _copy(self, place: str) -> None:
        source, target = self._plan.site.root / place, self._folder / place
        if target.exists():
            if have_same_bytes(source, target):
                return
            if not self._force:
                raise ConfigError(f"{target} exists; give --force to replace it")
        copy_atomically(source, target)
        self._result.copied.append(Path(place))


def _media_type(suffix: str) -> str | None:
    """Returns the type that a page states of such files; .slt files have none."""
    Image.init()
    if suffix == _END_TO_END:
        return None
    format = Image.registered_extensions().get(suffix, suffix.removeprefix(".").upper())
    return Image.MIME.get(format, f"image/{suffix.removeprefix('.')}")
