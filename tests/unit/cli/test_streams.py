"""What is printed cannot command a terminal; streams are told from files."""

import os
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from rich.console import Console

import sidelight.cli
from sidelight.cli import streams
from sidelight.cli.progress import progress_bar
from sidelight.cli.streams import is_stdout, is_stream, printable, read_bytes, suffix_of
from sidelight.errors import ConfigError, NotABitstreamError


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("A dog on a beach, caf\xe9, \u72ac, \U0001f415\u200d\U0001f9ba", None),
        ("C:\\photos", None),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("A dog.\nsidelight: done\r", r"A dog.\nsidelight: done\r"),
        ("\x9b31m \x7f \x00\t", r"\x9b31m \x7f \x00\t"),
        ("gpj.\u202egnp", r"gpj.\u202egnp"),
        ("a\u2028b\u2029c\u2066d\u200fe\udce9", r"a\u2028b\u2029c\u2066d\u200fe\udce9"),
    ],
)
def test_only_what_a_terminal_would_obey_is_escaped(text, printed):
    assert printable(text) == (text if printed is None else printed)


def test_every_command_prints_through_the_one_place():
    for path in Path(sidelight.cli.__file__).parent.glob("*.py"):
        if path.name != "streams.py":
            source = path.read_text("utf-8")
            assert "echo(" not in source, path
            assert "print(" not in source.replace("_print(", ""), path


def test_a_progress_bar_shows_names_as_they_are(monkeypatch):
    shown = Console(file=(stream := TextIOWrapper(BytesIO(), "utf-8")), force_terminal=False)
    with progress_bar() as progress:
        progress.add_task("[/red] \x1b[2J")
        shown.print(progress.make_tasks_table(progress.tasks))
    stream.seek(0)
    assert r"[/red] \x1b[2J" in stream.read()


def test_pipes_devices_and_descriptors_are_streams(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("file").touch()
    for name in ("-", "pipe", "/dev/null", "/dev/stdout", "/dev/fd/63", "/proc/self/fd/1"):
        assert is_stream(name), name
    for name in ("file", ".", "none", "no/such/folder", "a\0b", "x" * 300):
        assert not is_stream(name), name
    assert is_stdout("-")
    assert not is_stdout("pipe")


@pytest.mark.parametrize(
    ("target", "suffix"),
    [
        ("-", ".webp"),
        ("/dev/stdout", ".webp"),
        ("/dev/fd/63", ".webp"),
        ("pipe.avif", ".avif"),
        ("a.PNG", ".png"),
        ("a", ""),
    ],
)
def test_a_stream_has_the_suffix_of_its_name_or_else_of_the_format(
    tmp_path, monkeypatch, target, suffix
):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.avif")
    assert suffix_of(target, "webp") == suffix


def test_what_is_not_wanted_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "film.mkv"
    with path.open("wb") as stream:
        stream.truncate(2**40)

    def refuse(data: bytes) -> None:
        assert len(data) == 4096
        raise NotABitstreamError("no")

    with pytest.raises(NotABitstreamError):
        read_bytes(str(path), refuse)


def test_closed_streams_are_told(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ConfigError, match="stdin is closed; name a file"):
        read_bytes("-")
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ConfigError, match="stdout is closed; name a file"):
        streams.write_bytes("-", b"data")


def test_a_terminal_gets_no_bytes_of_a_picture(monkeypatch):
    stdout = TextIOWrapper(BytesIO())
    monkeypatch.setattr(stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdout", stdout)
    with pytest.raises(ConfigError, match="stdout is a terminal"):
        streams.write_bytes("-", b"data")
