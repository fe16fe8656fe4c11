"""Files that appear whole or not at all, and are still there after the machine has crashed."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, which removes and renames no file that is open
    fcntl = None  # type: ignore[assignment]

_PERMISSIONS = 0o777
_PARTIAL = ".partial"
_NUM_NAMES = 16
"""For processes that write one file at a time; further ones take names at random."""


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name beside it, then renames it; makes missing folders.

    A file that is replaced hands on its permissions, which hold while it is written too; a new one
    follows the umask. Links are followed. Devices and pipes cannot be renamed over and are written
    straight. What a killed process left of this file is removed.
    """
    with replacing(path) as stream:
        stream.write(data)


def copy_atomically(source: Path, target: Path) -> None:
    """Copies a file's bytes, however many, as ``write_atomically`` writes them."""
    with source.open("rb") as reader, replacing(target) as stream:
        shutil.copyfileobj(reader, stream, 2**20)


def discard_leftovers(path: Path) -> None:
    """Removes what killed processes left of a file; what is being written now stays."""
    if fcntl is None:
        return  # nobody can tell there
    path = Path(os.path.realpath(path))
    for partial in path.parent.glob(f".{_key(path)}-*{_PARTIAL}"):
        _remove_leftover(partial)


def append_whole(path: Path, data: bytes) -> None:
    """Appends bytes to a file, which after an error is as long as it was."""
    with naming(path), path.open("ab", buffering=0) as stream:
        start = stream.seek(0, os.SEEK_END)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[stream.write(rest) :]
        except BaseException:
            stream.truncate(start)
            raise


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yields a file to be written piece by piece; else as ``write_atomically``."""
    if path.exists() and not path.is_file():
        with naming(path), path.open("wb") as device:  # a folder raises IsADirectoryError here
            yield device
        return
    path = Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for links in a circle
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        reason = os.strerror(errno.ENOTDIR)
        raise NotADirectoryError(errno.ENOTDIR, reason, error.filename) from None
    permissions = path.stat().st_mode & _PERMISSIONS if path.exists() else None
    with naming(path):
        partial, stream = _open_partial(path, 0o666 if permissions is None else permissions)
        with stream:
            try:
                if permissions is not None:
                    partial.chmod(permissions)  # the umask may have taken some away
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                if fcntl is None:
                    stream.close()
                partial.replace(path)
            except BaseException:
                _discard(partial, stream)
                raise
    _sync_folder(path.parent)


@contextlib.contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Lets an error of writing, such as a full disk, say of which file it is."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and (
            error.filename is None or str(error.filename).endswith(_PARTIAL)
        ):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def _discard(partial: Path, stream: BinaryIO) -> None:
    if fcntl is None:
        with contextlib.suppress(OSError):  # what is in the buffer may not find room
            stream.close()
    partial.unlink(missing_ok=True)


def _open_partial(path: Path, mode: int) -> tuple[Path, BinaryIO]:
    """Opens a file under a name that the next process to write ``path`` will look at.

    It stays locked until it has its final name: one that nobody has locked is left over.
    """
    key = _key(path)
    names = [f".{key}-{number}{_PARTIAL}" for number in range(_NUM_NAMES)]
    for name in (*names, f".{key}-{secrets.token_hex(8)}{_PARTIAL}"):
        partial = path.with_name(name)
        _remove_leftover(partial)
        if (stream := _open_locked(partial, mode)) is not None:
            return partial, stream
    raise FileExistsError(f"too many processes write {path}")


def _key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]  # the name may be too long


def _open_locked(partial: Path, mode: int) -> BinaryIO | None:
    """Returns a new file, or None where another process has this name."""
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return None
    stream = os.fdopen(descriptor, "wb")
    try:
        is_ours = _lock(descriptor) and _is_at(partial, descriptor)
    except OSError:
        is_ours = True  # a file system without locks, where nothing is removed either
    if is_ours:
        return stream
    stream.close()  # somebody took it for a leftover before it was locked
    return None


def _remove_leftover(partial: Path) -> None:
    if fcntl is None:
        with contextlib.suppress(OSError):  # somebody has it open, or there is none
            partial.unlink()
        return
    try:
        descriptor = os.open(partial, os.O_WRONLY)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            if _lock(descriptor) and _is_at(partial, descriptor):
                partial.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Returns whether nobody else has the lock.

    Raises:
        OSError: This file system has no locks.
    """
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    # a file's new name is on the disk only when its folder is; not every system can tell it to
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
