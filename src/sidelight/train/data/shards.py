"""Reads WebDataset tar shards: ``KEY.<picture suffix>`` beside ``KEY.json`` or ``KEY.txt``.

Captions are those of ``captions_of``. Other files of a key are left alone.
"""

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from sidelight.captions.members import SUFFIXES, captions_of
from sidelight.errors import ImageError
from sidelight.pixels.suffixes import picture_suffixes
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage, picture_size

_LARGEST_WORDS_BYTES = 2**24


@dataclass(slots=True)
class _Entry:
    """The files of one key."""

    key: str
    place: tuple[int, int] | None = None
    """Where the picture begins in the shard, and its length."""
    words: dict[str, bytes] = field(default_factory=dict)
    """By suffix."""
    twice: str = ""
    """What there is two of."""


def raise_error(error: ImageError) -> None:
    """Is what becomes of a broken picture if nothing else is said."""
    raise error


def read_shards(paths: Iterable[Path]) -> Iterator[CaptionedImage]:
    """Yields every picture of every shard, in file order.

    Raises:
        ImageError: A picture has no captions beside it, captions no picture, or one is damaged.
    """
    return (found.in_memory() for found in find_in_shards(paths))


def find_in_shards(
    paths: Iterable[Path], broken: Callable[[ImageError], None] = raise_error
) -> Iterator[CaptionedFile]:
    """Yields where every picture of every shard lies.

    Args:
        paths: Of the shards.
        broken: Gets the error of each picture that is then passed over.

    Raises:
        ImageError: As for ``read_shards``, from ``broken``; or a shard itself is damaged.
    """
    for path in paths:
        for entry in _entries(path):
            try:
                captions = _captions(entry)
                offset, length = _place(entry)
                size = picture_size(entry.key, _part(path, offset, length))
            except ImageError as error:
                broken(ImageError(f"{path}: {error}"))
                continue
            yield CaptionedFile(entry.key, captions, size, path, offset, length)


def held_out_keys(keys: Iterable[str], shard: str, count: int) -> set[str]:
    """Returns the last ``count`` keys of a shard: pictures that are never trained on.

    Args:
        keys: Of all pictures, in their order; each has its shard's name before its last parts.
        shard: Its file's name without the suffix; with an empty one none is held out.
        count: Of its pictures.
    """
    of_shard = [key for key in keys if f"/{shard}/" in f"/{key}"]
    return set(of_shard[max(len(of_shard) - count, 0) :])


def read_shard_captions(paths: Iterable[Path]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields the key and the captions of every picture, without looking at the pictures.

    Raises:
        ImageError: A json holds no captions, or a shard is damaged.
    """
    for path in paths:
        for entry in _entries(path):
            if not entry.words:
                continue
            try:
                yield entry.key, _captions(entry)
            except ImageError as error:
                raise ImageError(f"{path}: {error}") from None


def _entries(path: Path) -> list[_Entry]:
    """Returns the files of a shard by key, in the order in which keys first come."""
    found: dict[str, _Entry] = {}
    try:
        with tarfile.open(path, "r:") as shard:
            for member in shard:
                _add(found, path, shard, member)
            _check_end(path, shard.offset)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ImageError(
            f"{path} is no whole tar file without compression ({error}): unpack or fetch it again"
        ) from None
    return list(found.values())


def _add(
    found: dict[str, _Entry], path: Path, shard: tarfile.TarFile, member: tarfile.TarInfo
) -> None:
    name = PurePosixPath(member.name)
    suffix = name.suffix.lower()
    if not member.isreg() or name.name.startswith("."):
        return
    is_picture = suffix in picture_suffixes()
    if not (is_picture or suffix in SUFFIXES):
        return
    if member.issparse():
        raise ImageError(f"{path}: {member.name} is stored with holes: pack the shard again")
    # no key leads out of a folder that it names a file in
    parts = [part for part in name.with_suffix("").parts if part not in ("/", "..")]
    key = f"{path.stem}/{'/'.join(parts)}"
    entry = found.setdefault(key, _Entry(key))
    if entry.place is not None if is_picture else suffix in entry.words:
        entry.twice = "picture" if is_picture else suffix.removeprefix(".")
    elif is_picture:
        entry.place = member.offset_data, member.size
    elif member.size <= _LARGEST_WORDS_BYTES:
        stream = shard.extractfile(member)
        assert stream is not None  # a regular file has one
        entry.words[suffix] = stream.read()


def _check_end(path: Path, offset: int) -> None:
    """Checks that the tar ends with the empty block that its standard asks for."""
    with path.open("rb") as file:
        file.seek(offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise ImageError(
                f"{path} lacks the empty block at its end: it was cut or damaged, fetch it again"
            )


def _part(path: Path, offset: int, length: int) -> io.BytesIO:
    with path.open("rb") as file:
        file.seek(offset)
        return io.BytesIO(file.read(length))


def _place(entry: _Entry) -> tuple[int, int]:
    if entry.twice:
        raise ImageError(f"{entry.key} has more than one {entry.twice}")
    if entry.place is None:
        raise ImageError(f"{entry.key} lacks its picture")
    return entry.place


def _captions(entry: _Entry) -> tuple[str, ...]:
    try:
        captions = captions_of(entry.words)
    except ValueError as error:
        raise ImageError(f"{entry.key}: its captions cannot be read: {error}") from None
    if not captions:
        raise ImageError(
            f'{entry.key} has no captions: expected a json with "captions": ["..."] or '
            '"caption": "...", or a txt file'
        )
    return captions
