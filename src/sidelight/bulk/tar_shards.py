"""WebDataset tar shards: ``KEY.<picture suffix>`` with the other files of that key beside it.

Training reads such shards by ``train/data/shards.py``, which wants to know where each picture lies
and refuses a shard that is not whole. Here members pass once, and what came before a cut is kept.
"""

import contextlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from sidelight.bulk.coding import Coded
from sidelight.bulk.packing import PackedFile
from sidelight.bulk.places import opened
from sidelight.bulk.rows import Row, Write
from sidelight.captions.members import SUFFIXES, captions_of
from sidelight.errors import CodecError, ImageError, TextError
from sidelight.pixels.suffixes import picture_suffixes

_LARGEST_MEMBER_BYTES = 2**31


class Member(NamedTuple):
    """A file in a tar."""

    info: tarfile.TarInfo
    data: bytes


class Members(NamedTuple):
    """The files of one key."""

    key: str
    picture: tarfile.TarInfo | None
    others: list[Member]


class TarShards:
    """Reads and writes them."""

    suffix = ".tar"

    def rows(self, place: str) -> Iterator[Row]:
        """Yields the pictures of a shard, whose files must stand beside each other as usual.

        Raises:
            OSError: It cannot be read.
            ImageError: It is no tar, or was cut or damaged; the rows before were yielded.
        """
        with opened(place) as stream:
            try:
                with tarfile.open(fileobj=stream, mode="r:") as shard:
                    for key, members in _by_key(shard):
                        yield _row(key, members)
                    end = shard.offset
            except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
                raise ImageError(
                    f"no whole tar file without compression ({error}): fetch it again, or unpack it"
                ) from None
            _check_end(stream, end)

    def prepare(self) -> None:
        """Needs nothing."""

    def packed(self, files: Iterator[PackedFile]) -> Iterator[Row]:
        """Yields a row for each file; files with captions beside it come along."""
        for file in files:
            others = [
                Member(tarfile.TarInfo(file.key + suffix), data)
                for suffix, data in file.beside().items()
            ]
            kept = Members(file.key, tarfile.TarInfo(), others)
            yield Row(file.key, place=file.place, kept=kept)

    def beside(self, row: Row) -> dict[str, bytes]:
        """Returns the other files of a row's key."""
        members: Members = row.kept
        return {PurePosixPath(m.info.name).suffix: m.data for m in members.others}

    @contextlib.contextmanager
    def writer(self, stream: BinaryIO, suffix: str) -> Iterator[Write]:
        """Yields what takes rows; those that failed are left out, with all their files."""
        with tarfile.open(fileobj=stream, mode="w") as shard:

            def write(row: Row, coded: Coded | None, _: Exception | None) -> None:
                if coded is None:
                    return
                members: Members = row.kept
                assert members.picture is not None  # else nothing was coded
                info = tarfile.TarInfo(members.key + suffix)
                info.mtime, info.mode = members.picture.mtime, members.picture.mode
                for member in (Member(info, coded.data), *members.others):
                    member.info.size = len(member.data)
                    shard.addfile(member.info, io.BytesIO(member.data))

            yield write


def _by_key(shard: tarfile.TarFile) -> Iterator[tuple[str, list[Member]]]:
    """Yields the files of each key.

    Of a shard that is cut, those of the last key may lack some and are not yielded.
    """
    key, members = "", list[Member]()
    for info in shard:
        name = PurePosixPath(info.name)
        if not info.isreg() or name.name.startswith("."):
            continue
        this = str(name.with_suffix(""))
        if this != key and members:
            yield key, members
            members = []
        key = this
        members.append(Member(info, _read(shard, info)))
    if members and _is_ended(shard):
        yield key, members


def _read(shard: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    if info.issparse() or info.size > _LARGEST_MEMBER_BYTES:
        raise ImageError(f"{info.name} is stored with holes, or too large: pack the shard again")
    stream = shard.extractfile(info)
    assert stream is not None  # a regular file has one
    data = stream.read()
    if len(data) != info.size:
        raise tarfile.ReadError("unexpected end of data")
    return data


def _row(key: str, members: list[Member]) -> Row:
    pictures = [m for m in members if PurePosixPath(m.info.name).suffix.lower() in _known()]
    others = [m for m in members if m not in pictures]
    words = {PurePosixPath(m.info.name).suffix.lower(): m.data for m in others}
    # no name leads out of a folder that it names a file in
    name = "/".join(part for part in PurePosixPath(key).parts if part not in ("/", ".."))
    kept = Members(key, pictures[0].info if pictures else None, others)
    if "\0" in name:
        return Row(ascii(name), error=ImageError("a name with NUL"), kept=kept)
    if len(pictures) != 1:
        found = ", ".join(PurePosixPath(m.info.name).name for m in members)
        return Row(name, error=ImageError(f"{len(pictures)} pictures in {found}"), kept=kept)
    picture = pictures[0]
    if not picture.data:
        return Row(name, error=ImageError(f"{picture.info.name} is empty"), kept=kept)
    try:
        captions = captions_of({s: data for s, data in words.items() if s in SUFFIXES})
    except ValueError as error:
        return Row(name, error=TextError(f"its captions cannot be read: {error}"), kept=kept)
    return Row(name, picture.data, captions[0] if captions else "", kept=kept)


def _known() -> frozenset[str]:
    return picture_suffixes() | {".slt"}


def _is_ended(shard: tarfile.TarFile) -> bool:
    stream = shard.fileobj
    assert stream is not None  # it is being read
    try:
        _check_end(stream, shard.offset)  # type: ignore[arg-type]
    except CodecError:
        return False
    return True


def _check_end(stream: BinaryIO, offset: int) -> None:
    """Checks that the tar ends with the empty block that its standard asks for."""
    stream.seek(offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise ImageError("lacks the empty block at its end: it was cut or damaged, fetch it again")
