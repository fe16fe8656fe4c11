"""Streams are told from files; a stream that is closed, or a terminal, is told."""

import os
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from sidelight.bulk import streams
from sidelight.bulk.streams import is_stdout, is_stream, read_bytes, suffix_of
from sidelight.errors import ConfigError, NotABitstreamError


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
    assert suffix_of(target, None, "webp") == suffix
    assert suffix_of("-", "jpg", "webp") == ".jpg"


def test_a_name_and_a_format_that_contradict_each_other_are_refused():
    with pytest.raises(ConfigError, match=r"x\.avif is to be a \.avif file .* and --format jpg"):
        suffix_of("x.avif", "jpg", "avif")
    assert suffix_of("x.JPEG", "jpg", "avif") == ".jpeg"


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
