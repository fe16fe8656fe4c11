"""A blind comparison as a folder of static files: the page, its pictures, the key."""

import hashlib
import os
import random
import secrets
import tempfile
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from sidelight.compare.blind import blind_files, lock, random_name, srgb_pixels
from sidelight.compare.matching import Series, Trio, match
from sidelight.errors import ConfigError, ImageError
from sidelight.pixels.files import read_picture
from sidelight.strict_json import to_json

FORMAT, VERSION = "sidelight-comparison", 1
QUESTION = "Which is closer to the original?"
TITLE = "Blind comparison"
PAGE = "index.html"
PICTURES = "pictures"
_DATA_PLACE = "{}</script>"
_SEED_BITS = 32
_ID_LETTERS = 16

Report = Callable[[int, int, str], None]


class Prepared(NamedTuple):
    """What was written."""

    page: Path
    num_pictures: int
    seed: int
    notes: list[str]
    """Conversions of pictures that a user should hear of."""


def prepare(
    folder: Path,
    originals: dict[str, Path],
    a: Series,
    b: Series,
    *,
    question: str = QUESTION,
    title: str = TITLE,
    rounds: int = 1,
    seed: int | None = None,
    force: bool = False,
    max_pixels: int | None = None,
    report: Report | None = None,
) -> Prepared:
    """Writes a comparison's folder, whole or not at all.

    Args:
        folder: To be made; its page works from there and from any server of static files.
        originals: By name, as ``find_pictures`` finds them.
        a: One side; which is left and which is right is drawn for every question.
        b: The other.
        question: What the judge is asked.
        title: The page's; it should not say what is compared.
        rounds: How often each picture is asked for.
        seed: Of names and order in the folder; drawn if None.
        force: Replace a comparison that is there.
        max_pixels: Larger pictures are refused, None for what ``check_size`` says.
        report: Told of every picture: how many are done, of how many, and its name.

    Raises:
        ConfigError: Pictures lack partners, labels are the same, nothing is asked, or something is
            in the way.
        ImageError: A picture cannot be read, or versions differ in size from their original.
    """
    if not question.strip() or not title.strip():
        raise ConfigError(f"question {question!r}, title {title!r}: expected some text in both")
    trios = match(originals, a, b)
    target = Path(os.path.realpath(folder))
    _check_target(target, force=force)
    seed = secrets.randbits(_SEED_BITS) if seed is None else seed
    with tempfile.TemporaryDirectory(
        prefix=".compare-", dir=_made_parent(target), ignore_cleanup_errors=True
    ) as place:
        partial = Path(place) / "new"
        partial.mkdir()
        notes = _write(
            partial,
            trios,
            {"a": a.label, "b": b.label},
            {"title": title, "question": question, "rounds": rounds},
            seed,
            max_pixels,
            report,
        )
        _check_target(target, force=force)
        _put(partial, target, Path(place) / "old")
    return Prepared(folder / PAGE, len(trios), seed, notes)


def _write(
    folder: Path,
    trios: Sequence[Trio],
    labels: dict[str, str],
    asked: dict[str, Any],
    seed: int,
    max_pixels: int | None,
    report: Report | None,
) -> list[str]:
    """Writes all files in an order that tells nothing; returns the notes on pictures."""
    draw = random.Random(seed)
    trios = draw.sample(trios, len(trios))
    (folder / PICTURES).mkdir()
    digest, notes, pictures, a_at = hashlib.sha256(), [], [], []
    for done, trio in enumerate(trios):
        if report is not None:
            report(done, len(trios), trio.name)
        original, a, b, told = _read(trio, max_pixels)
        notes += told
        is_b_first = draw.random() < 0.5
        a_at.append(int(is_b_first))
        files = [*blind_files([b, a] if is_b_first else [a, b]), *blind_files([original])]
        paths = [f"{PICTURES}/{random_name(draw)}.png" for _ in files]
        for path, data in draw.sample(list(zip(paths, files, strict=True)), len(files)):
            (folder / path).write_bytes(data)
        for data in files:
            digest.update(hashlib.sha256(data).digest())
        height, width = original.shape[:2]
        size = {"width": width, "height": height}
        pictures.append({"versions": paths[:2], "original": paths[2], **size})
    key = {"labels": labels, "seed": seed, "names": [t.name for t in trios], "a": a_at}
    digest.update(to_json([key, asked]).encode("ascii"))
    id = digest.hexdigest()[:_ID_LETTERS]
    head = {"format": FORMAT, "version": VERSION, "id": id, **asked}
    _write_page(folder, to_json({**head, "pictures": pictures, "key": lock(key, id)}))
    return notes


def _read(trio: Trio, max_pixels: int | None) -> tuple[Any, Any, Any, list[str]]:
    images, notes = [], []
    for path in (trio.original, trio.a, trio.b):
        picture = read_picture(path, max_pixels=max_pixels)
        notes += [f"{path}: {note}" for note in picture.notes]
        if picture.alpha is not None:
            notes.append(f"{path}: transparent, shown over white")
        images.append(srgb_pixels(picture))
    original, a, b = images
    for path, image in ((trio.a, a), (trio.b, b)):
        if image.shape != original.shape:
            (height, width), (h, w) = original.shape[:2], image.shape[:2]
            raise ImageError(
                f"{path} is {w}x{h} px, its original {trio.original} {width}x{height}; "
                "give versions of the original's size"
            )
    return original, a, b, notes


def _write_page(folder: Path, data: str) -> None:
    source = resources.files("sidelight.compare") / "page"
    for file in source.iterdir():
        text = file.read_text("utf-8")
        if file.name == PAGE:
            # within a script element only "<" could end it, or begin a comment
            text = text.replace(_DATA_PLACE, data.replace("<", "\\u003c") + "</script>")
        (folder / file.name).write_text(text, "utf-8")


def _check_target(target: Path, *, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise ConfigError(f"{target} is a file, expected a folder; name another")
    found = {path.name for path in target.iterdir()} if target.exists() else set()
    if not found:
        return
    page = target / PAGE
    if not page.is_file() or FORMAT not in page.read_text("utf-8", errors="replace"):
        raise ConfigError(f"{target} holds other files; name a folder that is empty or not there")
    if not force:
        raise ConfigError(f"{target} holds a comparison already; give --force to replace it")
    ours = {file.name for file in (resources.files("sidelight.compare") / "page").iterdir()}
    if others := sorted(found - ours - {PICTURES}):
        raise ConfigError(
            f"{target} holds {others[0]} too, which --force would remove; move it elsewhere"
        )


def _put(partial: Path, target: Path, old: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        old.rename(target)
        raise


def _made_parent(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent
