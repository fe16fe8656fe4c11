import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sidelight import files
from sidelight.files import append_whole, copy_atomically, write_atomically

KILLED = """
import os, signal, sys
from pathlib import Path
from sidelight import files

os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
files.write_atomically(Path(sys.argv[1]), b"torn")
"""


@contextlib.contextmanager
def full_disk(num_bytes: int):
    """Lets no file grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_folders_are_made_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a" / "b" / "c.slt"
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_failing_rename_leaves_the_old_file_and_no_temporary(tmp_path, monkeypatch):
    path = tmp_path / "c.slt"
    path.write_bytes(b"old")

    def fail(*_: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_failing_write_leaves_no_temporary(tmp_path):
    with pytest.raises(TypeError):
        write_atomically(tmp_path / "c.slt", "text")
    assert list(tmp_path.iterdir()) == []


def test_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "c.slt", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "c.slt").stat().st_mode & 0o777 == 0o640


def test_replaced_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "c.slt"
    path.write_bytes(b"old")
    path.chmod(0o600)
    write_atomically(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_link_is_followed(tmp_path):
    path, link = tmp_path / "c.slt", tmp_path / "link.slt"
    path.write_bytes(b"old")
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


def test_pipe_is_written_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, b"new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_folder_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, b"new")


def test_links_in_a_circle_are_an_error_of_the_system(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "a", b"new")


def test_a_pipe_is_written_by_the_name_that_a_shell_gives_it():
    read_end, write_end = os.pipe()
    write_atomically(Path(f"/dev/fd/{write_end}"), b"new")
    os.close(write_end)
    with os.fdopen(read_end, "rb") as reader:
        assert reader.read() == b"new"


def test_what_a_killed_process_left_is_removed(tmp_path):
    path = tmp_path / ("a" * 250 + ".slt")
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", KILLED, path])
        assert done.returncode == -signal.SIGKILL
        assert len(list(tmp_path.iterdir())) == 1
        assert not path.exists()
    write_atomically(tmp_path / "other.slt", b"new")
    assert len(list(tmp_path.iterdir())) == 2  # its leftover may be of use to somebody: not ours
    write_atomically(path, b"new")
    assert {p.name for p in tmp_path.iterdir()} == {path.name, "other.slt"}


def test_file_under_way_is_no_leftover(tmp_path, monkeypatch):
    path = tmp_path / "c.slt"
    sync = os.fsync

    def write_another_meanwhile(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        write_atomically(path, b"second")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", write_another_meanwhile)
    write_atomically(path, b"first")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_many_threads_leave_one_whole_file(tmp_path):
    path = tmp_path / "c.slt"
    pieces = [bytes([k]) * 100_000 for k in range(24)]
    threads = [threading.Thread(target=write_atomically, args=(path, p)) for p in pieces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in pieces
    assert list(tmp_path.iterdir()) == [path]


def test_file_and_folder_reach_the_disk(tmp_path, monkeypatch):
    synced = []

    def note(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append(("file", place.stat().st_size) if place.is_file() else "folder")

    monkeypatch.setattr(os, "fsync", note)
    write_atomically(tmp_path / "c.slt", b"new")
    assert synced == [("file", 3), "folder"]


@pytest.mark.parametrize("permissions", [0o600, 0o666])
def test_permissions_hold_while_a_file_is_written(tmp_path, monkeypatch, permissions):
    path = tmp_path / "c.slt"
    path.write_bytes(b"old")
    path.chmod(permissions)
    seen = []

    def note(descriptor: int) -> None:
        seen.append(os.fstat(descriptor).st_mode & 0o777)

    monkeypatch.setattr(os, "fsync", note)
    write_atomically(path, b"new")
    assert seen[0] == permissions
    assert path.stat().st_mode & 0o777 == permissions


def test_without_locks_files_are_written_and_nothing_is_removed(tmp_path, monkeypatch):
    (tmp_path / "c.slt").write_bytes(b"old")

    def no_locks(*_: int) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    write_atomically(tmp_path / "c.slt", b"new")
    assert (tmp_path / "c.slt").read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_copy_is_whole_or_not_there(tmp_path):
    (tmp_path / "a.css").write_bytes(b"p" * 3_000_000)
    copy_atomically(tmp_path / "a.css", tmp_path / "deep" / "b.css")
    assert (tmp_path / "deep" / "b.css").read_bytes() == b"p" * 3_000_000
    with pytest.raises(FileNotFoundError):
        copy_atomically(tmp_path / "none.css", tmp_path / "c.css")
    assert {p.name for p in tmp_path.iterdir()} == {"a.css", "deep"}


@pytest.mark.parametrize("num_bytes", [5_000, 500_000])  # less and more than a buffer holds
@pytest.mark.parametrize("locks", ["locks", "no locks"])
def test_a_full_disk_is_told_by_the_files_name_and_nothing_is_left(
    tmp_path, monkeypatch, num_bytes, locks
):
    path = tmp_path / "c.slt"
    path.write_bytes(b"old")
    if locks == "no locks":
        monkeypatch.setattr(files, "fcntl", None)
    with full_disk(1000), pytest.raises(OSError, match="File too large") as error:
        write_atomically(path, bytes(num_bytes))
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(path))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_told_by_the_files_name(tmp_path, monkeypatch):
    def refuse(place, *_):
        raise PermissionError(errno.EACCES, "Permission denied", str(place))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as error:
        write_atomically(tmp_path / "c.slt", b"new")
    assert error.value.filename == str(tmp_path / "c.slt")


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    for place in ("a/c.slt", "a/b/c.slt"):
        with pytest.raises(NotADirectoryError, match="Not a directory"):
            write_atomically(tmp_path / place, b"new")


def test_a_full_device_is_told_by_its_name():
    with pytest.raises(OSError, match=r"No space left on device: '/dev/full'$"):
        write_atomically(Path("/dev/full"), b"new")


def test_what_is_appended_is_whole_or_not_there(tmp_path):
    path = tmp_path / "rows.jsonl"
    append_whole(path, b"a" * 600)
    with full_disk(1000), pytest.raises(OSError, match=rf"File too large: '{path}'$"):
        append_whole(path, b"b" * 600)
    assert path.read_bytes() == b"a" * 600
    append_whole(path, b"c")
    assert path.read_bytes() == b"a" * 600 + b"c"


def test_where_open_files_cannot_be_removed_leftovers_are_tried(tmp_path, monkeypatch):
    path = tmp_path / "c.slt"
    assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode == -signal.SIGKILL
    monkeypatch.setattr(files, "fcntl", None)
    write_atomically(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
