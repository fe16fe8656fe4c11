"""Addresses that fsspec opens stand where paths do; what is wrong with one is one clear line."""

import sys
from io import BytesIO
from pathlib import Path

import fsspec
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from sidelight.bulk import places
from sidelight.bulk.places import existing
from sidelight.cli.app import app


@pytest.fixture
def store():
    """A store with two pictures and a text."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    picture = BytesIO()
    Image.linear_gradient("L").resize((64, 48)).save(picture, "PNG")
    for name in ("/photos/a.png", "/photos/deep/b.png"):
        system.pipe_file(name, picture.getvalue())
    system.pipe_file("/photos/notes.md", b"none")
    yield system
    system.store.clear()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_store_is_coded_and_decoded_as_a_folder_is(store, tmp_path):
    done = run("encode", "memory://photos", "memory://coded")
    assert done.exit_code == 0, done.output
    assert "passed over 1 file of other kinds: 1 .md" in done.stderr
    assert sorted(store.find("/coded")) == ["/coded/a.avif", "/coded/deep/b.avif"]
    again = run("encode", "memory://photos", "memory://coded")
    assert "2 of 2 files were there already" in again.stderr
    assert run("decode", "memory://coded/**/*.avif", tmp_path / "out").exit_code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]
    one = run("encode", tmp_path / "out" / "a.png", "memory://single/", "--format", "webp")
    assert one.exit_code == 0, one.output
    assert store.exists("/single/a.webp")


def test_a_manifest_vouches_for_what_lies_in_a_store(store, tmp_path):
    command = ("encode", "memory://photos", "memory://coded", "--manifest", tmp_path / "rows")
    assert run(*command).exit_code == 0
    assert "2 of 2 files were there already" in run(*command).stderr
    store.pipe_file("/coded/a.avif", b"cut")
    assert "1 of 2 files were there already" in run(*command).stderr


def test_a_store_is_asked_once_for_each_folder_what_is_there(store, tmp_path, monkeypatch):
    asked, ask = [], type(store).ls

    def ls(self, path, **options):
        asked.append(path)
        return ask(self, path, **options)

    monkeypatch.setattr(type(store), "ls", ls)
    (tmp_path / "a.png").touch()
    here = [str(tmp_path / name) for name in ("a.png", "b.png")]
    there = [f"memory://photos/{k}.png" for k in "abc"] + ["memory://none/a.png"]
    assert places.existing([*here, *there]) == {here[0], there[0]}
    assert asked == ["/photos", "/none"]


def test_a_file_address_is_a_path(tmp_path):
    Image.new("RGB", (20, 30)).save(tmp_path / "a b.png")
    address = f"file://{tmp_path}/a%20b.png"
    assert places.plain(address) == str(tmp_path / "a b.png")
    assert run("encode", address, f"file://{tmp_path}/x.avif").exit_code == 0
    assert (tmp_path / "x.avif").exists()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("memory://photos/none.png", "no such file: memory://photos/none.png"),
        ("memory://nothing/*.png", "memory://nothing/*.png: no file to read"),
        ("nokind://photos", "nokind://photos: no such kind of address"),
    ],
)
def test_a_wrong_address_is_one_line(store, source, told):
    done = run("encode", source, "memory://x.avif" if "none" in source else "memory://x")
    assert done.exit_code == 1
    assert done.stderr.startswith("sidelight: error: ")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_extra_is_named_with_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    done = run("encode", "s3://bucket/photos", tmp_path)
    assert done.exit_code == 1
    assert done.stderr == (
        "sidelight: error: s3://bucket/photos: addresses need fsspec: "
        "pip install 'sidelight[bulk]'\n"
    )


def test_whatever_a_store_raises_names_the_address(store, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise KeyError("no credentials")

    monkeypatch.setattr(type(store), "open", refuse)
    done = run("encode", "memory://photos/a.png", "memory://x.avif")
    assert done.stderr == "sidelight: error: memory://photos/a.png: 'no credentials'\n"


def test_names_are_joined_as_the_place_does_it():
    assert places.join("s3://bucket/x/", "a", "b.png") == "s3://bucket/x/a/b.png"
    assert places.join("x/", "a", "b.png") == str(Path("x/a/b.png"))


def test_what_cannot_be_looked_at_is_none_that_is_there(tmp_path, monkeypatch):
    def refuse(path):
        if path.parent.name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return True

    monkeypatch.setattr(Path, "exists", refuse)
    assert existing(["shut/a", "open/b"]) == {"open/b"}
