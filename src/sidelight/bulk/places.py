"""Where files lie: a path, or an address such as ``s3://bucket/name`` (extra ``bulk``)."""

import contextlib
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

from sidelight.errors import ConfigError
from sidelight.files import replacing, write_atomically

_FILE = "file://"


class Stat(NamedTuple):
    """What tells whether a file has changed."""

    size: int
    changed_ns: int
    """0 where the place does not say."""


def is_remote(place: str) -> bool:
    """Returns whether a place is an address that fsspec opens."""
    return "://" in place


def plain(place: str) -> str:
    """Returns a ``file://`` address as the path that it is, any other place as it was."""
    return unquote(urlsplit(place).path) if place.startswith(_FILE) else place


def join(folder: str, *names: str) -> str:
    """Returns the place of a file in a folder, where names are relative and have no ``..``."""
    if is_remote(folder):
        return "/".join([folder.rstrip("/"), *names])
    return str(Path(folder, *names))


@contextlib.contextmanager
def opened(place: str) -> Iterator[BinaryIO]:
    """Yields a file for reading, in which one may seek.

    Raises:
        OSError: It cannot be read; the message names it.
        ConfigError: As for ``filesystem``.
    """
    if not is_remote(place):
        with Path(place).open("rb") as stream:
            yield stream
        return
    system, path = filesystem(place)
    with _naming(place):
        stream = system.open(path, "rb")
    with stream:
        yield stream


def exists(place: str) -> bool:
    """Returns whether there is a file, or a folder."""
    if not is_remote(place):
        return Path(place).exists()
    system, path = filesystem(place)
    with _naming(place):
        return bool(system.exists(path))


def answer_of(question: Callable[[], bool], *, if_refused: bool) -> bool:
    """Returns what a path says of itself, or what to take where one may not look at it."""
    try:
        return question()
    except OSError:
        return if_refused


def existing(files: Iterable[str]) -> set[str]:
    """Returns which of the files are there; a store is asked once for each folder."""
    there: set[str] = set()
    in_stores: dict[str, list[str]] = defaultdict(list)
    for file in files:
        if is_remote(file):
            in_stores[file.rpartition("/")[0]].append(file)
        elif answer_of(Path(file).exists, if_refused=False):  # to write it will say why
            there.add(file)
    for folder, wanted in in_stores.items():
        system, path = filesystem(folder)
        with contextlib.suppress(FileNotFoundError), _naming(folder):
            names = {name.rpartition("/")[2] for name in system.ls(path, detail=False)}
            there |= {file for file in wanted if file.rpartition("/")[2] in names}
    return there


def is_folder(place: str) -> bool:
    """Returns whether there is a folder."""
    if not is_remote(place):
        return Path(place).is_dir()
    system, path = filesystem(place)
    with _naming(place):
        return bool(system.isdir(path))


def stat(place: str) -> Stat:
    """Returns size and time of change.

    Raises:
        OSError: There is no such file.
    """
    if not is_remote(place):
        found = Path(place).stat()
        return Stat(found.st_size, found.st_mtime_ns)
    system, path = filesystem(place)
    with _naming(place):
        size = int(system.info(path)["size"])
        try:
            return Stat(size, int(system.modified(path).timestamp() * 1e9))
        except NotImplementedError:
            return Stat(size, 0)


def write(place: str, data: bytes) -> None:
    """Writes a whole file, or none.

    Raises:
        OSError: It cannot be written; the message names it.
    """
    if not is_remote(place):
        write_atomically(Path(place), data)
        return
    system, path = filesystem(place)
    with _naming(place):  # stores put a whole object, or none
        system.makedirs(system._parent(path), exist_ok=True)
        system.pipe_file(path, data)


@contextlib.contextmanager
def writing(place: str) -> Iterator[BinaryIO]:
    """Yields a stream for a file that is there when all is written, or not at all.

    Raises:
        OSError: It cannot be written; the message names it.
    """
    if not is_remote(place):
        with replacing(Path(place)) as stream:
            yield stream
        return
    system, path = filesystem(place)
    with tempfile.NamedTemporaryFile() as file:
        yield file  # type: ignore[misc]  # which has all that a BinaryIO has
        file.flush()
        with _naming(place):
            system.makedirs(system._parent(path), exist_ok=True)
            system.put_file(file.name, path)


def listed(place: str) -> list[tuple[str, str]]:
    """Returns the files of a remote folder, or those that a remote glob matches.

    Returns:
        The address of each, and its name: below the folder, or without any.

    Raises:
        OSError: It cannot be read; the message names it.
    """
    system, path = filesystem(place)
    with _naming(place):
        if "*" in place:
            found = {name: name.rpartition("/")[2] for name in system.glob(path)}
        else:
            found = {name: name[len(path) :].lstrip("/") for name in system.find(path)}
        return sorted((system.unstrip_protocol(full), name) for full, name in found.items())


def filesystem(place: str) -> tuple[Any, str]:
    """Returns what opens an address, and the path that it has there.

    Raises:
        ConfigError: There is no such kind of address, or a package for it is not installed.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ConfigError(
            f"{place}: addresses need fsspec: pip install 'sidelight[bulk]'"
        ) from None
    kind = place.partition("://")[0]
    try:
        system, path = url_to_fs(place)
    except ImportError as error:
        raise ConfigError(f"{place}: {kind}:// needs a package more: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{place}: no such kind of address: {error}") from None
    return system, path


@contextlib.contextmanager
def _naming(place: str) -> Iterator[None]:
    """Lets whatever a store raises be an OSError that says of which address it is."""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(f"no such file: {place}") from None
    except ConfigError:
        raise
    except Exception as error:  # each store has its own
        raise OSError(f"{place}: {error or type(error).__name__}") from error
