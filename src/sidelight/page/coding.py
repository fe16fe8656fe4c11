"""Pages to coded pictures and back; the captions stay in the HTML, where they were."""

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from sidelight.bitstream.header import MAGIC
from sidelight.bulk.local import default_processes
from sidelight.carriers.registry import SUFFIXES, carrier_of_suffix, sniff
from sidelight.errors import ConfigError
from sidelight.files import copy_atomically, discard_leftovers, write_atomically
from sidelight.limits import MAX_PIXELS
from sidelight.page.addresses import Site, renamed
from sidelight.page.plan import Plan, ShownPicture, have_same_bytes
from sidelight.page.references import Reference
from sidelight.pixels.encoding import fitted
from sidelight.pixels.files import read_picture, write_picture
from sidelight.pixels.kinds import FIRST_FRAME
from sidelight.pixels.opening import Opened, open_picture
from sidelight.pixels.picture import Picture
from sidelight.pixels.rights import rights_lost_without
from sidelight.pool import carry_out, in_order, is_of_the_input

_END_TO_END = ".slt"
_DECODED = (*SUFFIXES, _END_TO_END)
_DRAWINGS = (".svg", ".svgz")
_START_BYTES = 4096
_MAY_MOVE = ("AVIF", "GIF", "PNG", "WEBP")

Encode = Callable[[Picture, str], bytes]
"""Makes a file of a picture and of its caption, which only a digest may use."""
Decode = Callable[[bytes, str], Picture]
"""Makes a picture of a file and of its caption, "" for none."""
Report = Callable[[int, int, str], None]
"""Hears how many pictures are done, of how many, and which was the last."""


class CodedPicture(NamedTuple):
    """One picture of a page, before and after."""

    source: Path
    target: Path
    bytes_before: int
    bytes_after: int
    caption: str
    """What the page says of it, canonical; "" for nothing."""
    notes: tuple[str, ...]
    """What a user should hear of: conversions, losses, a caption that the sender had not."""


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
    strict: bool = True,
    force: bool = False,
    processes: int | None = 1,
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
        strict: Whether a page that cannot be read as HTML is an error; else it is copied, with a
            note if it is none, among what failed if it is broken.
        force: Whether files that are in ``folder`` already may be replaced.
        processes: How many code pictures, each with an ``encode`` of its own, which travels to it;
            None for as many as the number of pictures is worth, 1 for this one.
        report: Hears of the progress.

    Raises:
        ConfigError: A page is not HTML or not in ``root``, or a file would be replaced. Nothing is
            written then.
    """

    def takes(place: Path) -> bool:
        found = _suffix_of(place)
        return not (found in _DRAWINGS or _is_coded(found, suffix) or _moves(place))

    plan = _plan(pages, root, folder, takes, suffix, strict=strict, force=force)
    work = _Encoded(encode, suffix, max_pixels)
    return _Writer(plan, folder, work, processes, force=force).write(suffix, report)


def decode_pages(
    pages: Sequence[Path],
    root: Path,
    folder: Path,
    decode: Decode,
    *,
    format: str = "png",
    strict: bool = True,
    force: bool = False,
    processes: int | None = 1,
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
        strict: As for ``encode_pages``.
        force: As for ``encode_pages``.
        processes: As for ``encode_pages``.
        report: Hears of the progress.

    Raises:
        ConfigError: As for ``encode_pages``.
    """

    def takes(place: Path) -> bool:
        return _suffix_of(place) in _DECODED and not _moves(place)

    plan = _plan(pages, root, folder, takes, f".{format}", strict=strict, force=force)
    work = _Decoded(decode, format)
    return _Writer(plan, folder, work, processes, force=force).write(f".{format}", report)


class _Job(NamedTuple):
    """One picture of a page, to be written in its new form."""

    source: Path
    target: Path
    caption: str


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Writes a job's picture encoded; returns what a user should hear of."""

    encode: Encode
    suffix: str
    max_pixels: int | None

    def __call__(self, job: _Job) -> tuple[str, ...]:
        picture = read_picture(job.source, max_pixels=self.max_pixels)
        if (carrier := carrier_of_suffix(self.suffix)) is not None:
            picture = carrier.fitted(picture)
        write_atomically(job.target, self.encode(picture, job.caption))
        lost = rights_lost_without(picture.xmp) if self.suffix == _END_TO_END else ()
        return (*picture.notes, *lost)


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Writes a job's picture decoded; returns what a user should hear of."""

    decode: Decode
    format: str

    def __call__(self, job: _Job) -> tuple[str, ...]:
        picture = fitted(self.decode(job.source.read_bytes(), job.caption), self.format)
        write_picture(picture, job.target, self.format)
        return picture.notes


def _suffix_of(place: Path) -> str:
    """Returns the suffix that a file's first bytes call for; its own where they tell nothing."""
    try:
        with place.open("rb") as stream:
            start = stream.read(_START_BYTES)
    except OSError:  # whoever converts it will say so
        start = b""
    if start.startswith(MAGIC):
        return _END_TO_END
    if (carrier := sniff(start)) is not None:
        return carrier.suffixes[0]
    named = place.suffix.lower()
    return "" if named in _DECODED and _opened(place) is not None else named


def _opened(place: Path) -> Opened | None:
    """Returns a picture of any format that is read, None for what cannot be."""
    try:
        return open_picture(place.read_bytes(), max_pixels=MAX_PIXELS)
    except Exception:  # whoever converts it will say what is wrong with it
        return None


def _is_coded(found: str, suffix: str) -> bool:
    if found in (_END_TO_END, suffix):
        return True
    carrier = carrier_of_suffix(suffix)
    return carrier is not None and found in carrier.suffixes


def _moves(place: Path) -> bool:
    """Returns whether it has several frames, of which coding would keep the first only."""
    opened = _opened(place)
    if opened is None:
        return False
    return opened.image.format in _MAY_MOVE and FIRST_FRAME in opened.notes


def _plan(
    pages: Sequence[Path],
    root: Path,
    folder: Path,
    takes: Callable[[Path], bool],
    suffix: str,
    *,
    strict: bool,
    force: bool,
) -> Plan:
    if os.path.realpath(folder) == os.path.realpath(root):
        raise ConfigError(f"{folder} is the page's own folder; give another one")
    places = [_place(page, root) for page in pages]
    plan = Plan(Site(root), places, takes, suffix, strict=strict)
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
        work: Callable[[_Job], tuple[str, ...]],
        processes: int | None,
        *,
        force: bool,
    ) -> None:
        self._plan, self._folder, self._work, self._force = plan, folder, work, force
        self._processes = default_processes(len(plan.shown)) if processes is None else processes
        self._urls: dict[str, dict[Reference, str]] = {place: {} for place in plan.pages}
        self._result = PagesResult([], [], [], [], plan.notes)

    def write(self, suffix: str, report: Report | None) -> PagesResult:
        """Writes pictures, then what is copied, and the pages last: they name nothing too soon."""
        plan, result = self._plan, self._result
        for place, error in plan.broken.items():
            self._failed(place, error)
        self._write_pictures(report)
        for place in plan.copies:
            try:
                self._copy(place)
            except Exception as error:
                if not is_of_the_input(error):
                    raise
                self._failed(place, error)
        for place, page in plan.pages.items():
            written = page.rewritten(self._urls[place], _media_type(suffix))
            write_atomically(self._folder / place, written)
            result.pages.append(self._folder / place)
        return result

    def _write_pictures(self, report: Report | None) -> None:
        shown = list(self._plan.shown.items())
        root = self._plan.site.root
        jobs = [_Job(root / place, self._folder / to.target, to.caption) for place, to in shown]
        outcomes = carry_out(
            jobs,
            self._work,
            self._processes,
            abandoned=lambda job: discard_leftovers(job.target),
        )
        with contextlib.closing(outcomes):
            for outcome in in_order(outcomes):
                place, picture = shown[outcome.number]
                if outcome.error is None:
                    self._written(place, picture, outcome.result or ())
                else:
                    self._failed(place, outcome.error)
                    self._plan.copies[place] = None
                if report is not None:
                    report(outcome.number + 1, len(shown), place)

    def _failed(self, place: str, error: Exception) -> None:
        told = {(path, str(reason)) for path, reason in self._result.failures}
        if (Path(place), str(error)) not in told:  # what cannot be read, cannot be copied
            self._result.failures.append((Path(place), error))

    def _written(self, place: str, shown: ShownPicture, notes: tuple[str, ...]) -> None:
        source, target = self._plan.site.root / place, self._folder / shown.target
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
