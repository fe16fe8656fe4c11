"""Tar and Parquet shards through the commands: what is kept, what is listed, what is one line."""

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image
from pyarrow import parquet
from tests.unit.bulk.shard_files import picture, read_tar, run, write_tar

from sidelight.bulk.tar_shards import TarShards
from sidelight.errors import ImageError

EVERY_KIND = ("tar", "parquet")


def test_a_tar_keeps_what_stands_beside_its_pictures(shards):
    done = run("encode", "in/*.tar", "out", "-j", 1)
    assert done.exit_code == 1
    told = "1 of 5 pictures failed:\n  in/00.tar/a/1: not a picture"
    assert told in done.stderr
    assert done.stdout.startswith("in/00.tar/a/0 -> out/00.tar/a/0.avif (")
    before, after = read_tar(Path("in/00.tar")), read_tar(Path("out/00.tar"))
    assert [*after] == ["a/0.avif", "a/0.json", "a/2.avif", "a/2.json"]
    assert after["a/2.json"] == before["a/2.json"]
    assert Image.open(io.BytesIO(after["a/0.avif"])).format == "AVIF"
    assert [*read_tar(Path("out/01.tar"))] == ["a/3.avif", "a/3.json", "a/4.avif", "a/4.json"]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_picture_of_a_shard_that_fails_has_a_record_too(shards, kind):
    done = run("encode", f"in/00.{kind}", "out/", "-j", 1, "--json")
    errors = [json.loads(line).get("error") for line in done.stdout.splitlines()]
    assert [error and error[:13] for error in errors] == [None, "not a picture", None]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_number_of_processes_changes_no_byte(shards, kind):
    for number in (1, 2):
        assert run("encode", f"in/*.{kind}", f"out{number}", "-j", number).exit_code == 1
    for name in ("00", "01"):
        one, two = (Path(f"out{number}/{name}.{kind}").read_bytes() for number in (1, 2))
        assert one == two


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_what_was_encoded_is_decoded_with_the_captions_beside_it(shards, kind):
    assert run("encode", f"in/01.{kind}", "out/", "-j", 1).exit_code == 0
    done = run("decode", f"out/01.{kind}", f"back.{kind}", "-j", 1, "--json")
    assert done.exit_code == 0, done.output
    assert [json.loads(line)["caption"] for line in done.stdout.splitlines()] == [
        "Picture 3.",
        "Picture 4.",
    ]
    if kind == "tar":
        found = read_tar(Path("back.tar"))["a/3.png"]
    else:
        found = parquet.read_table("back.parquet")["image"][0].as_py()["bytes"]
    assert Image.open(io.BytesIO(found)).size == (48, 40)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("tar", ["00/a/0.avif", "00/a/0.json", "00/a/2.avif", "00/a/2.json"]),
        ("parquet", [f"00/{k:09}.{suffix}" for k in (0, 2) for suffix in ("avif", "txt")]),
    ],
)
def test_unpacked_a_shard_is_a_folder(shards, kind, expected):
    assert run("encode", f"in/00.{kind}", "out", "--unpack", "-j", 1).exit_code == 1
    found = sorted(str(p.relative_to("out")) for p in Path("out").rglob("*") if p.is_file())
    assert found == expected
    times = [Path("out", name).stat().st_mtime_ns for name in expected]
    assert run("encode", f"in/00.{kind}", "out", "--unpack", "-j", 1).exit_code == 1
    assert [Path("out", name).stat().st_mtime_ns for name in expected] == times


@pytest.mark.parametrize("option", [[], ["--unpack"]])
def test_a_manifest_tells_of_shards_and_rows_and_goes_on_from_them(shards, option):
    command = ("encode", "in/*.tar", "out", "-j", 1, "--manifest", "rows.jsonl", *option)
    assert run(*command).exit_code == 1
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    assert [row["error"] for row in rows[:2]] == ["not done yet"] * 2
    del rows[:2]
    assert [row.get("name") for row in rows] == ["a/0", "a/1", "a/2", None, "a/3", "a/4", None]
    assert {"target_bytes", "bpp", "seconds", "digest"} <= set(rows[0])
    assert "not a picture" in rows[1]["error"]
    assert (rows[3]["pictures"], rows[3]["failed"], rows[3]["error"]) == (2, 1, None)
    again = run(*command)
    assert again.exit_code == 0
    assert "2 of 2 shards were there already" in again.stderr
    write_tar(Path("in/01.tar"), {"a/9.png": picture(9)})
    assert "1 of 2 shards were there already" in run(*command).stderr


@pytest.mark.parametrize("option", [[], ["--unpack"]])
def test_shards_of_which_the_manifest_does_not_tell_are_not_replaced_unasked(shards, option):
    run("encode", "in/01.tar", "out", "-j", 1, *option)
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")}
    command = ("encode", "in/*.tar", "out", "-j", 1, "--manifest", "rows.jsonl", *option)
    refused = run(*command)
    assert (refused.exit_code, refused.stdout) == (1, "")
    name = "out/01" if option else "out/01.tar"
    assert f"{name} exists, of which rows.jsonl does not tell" in refused.stderr
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")} == before
    assert "1 of 5 pictures failed" in run(*command, "--force").stderr


def test_shards_that_are_there_are_left_alone_unless_forced(shards):
    run("encode", "in/*.tar", "out", "-j", 1)
    before = Path("out/01.tar").stat().st_mtime_ns
    assert "2 of 2 shards were there already" in run("encode", "in/*.tar", "out", "-j", 1).stderr
    assert Path("out/01.tar").stat().st_mtime_ns == before
    run("encode", "in/01.tar", "out", "-j", 1, "--force")
    assert Path("out/01.tar").stat().st_mtime_ns > before


def test_of_a_tar_cut_at_any_place_what_came_before_is_kept(shards):
    whole = Path("in/01.tar").read_bytes()
    rows = list(TarShards().rows("in/01.tar"))
    assert [row.caption for row in rows] == ["Picture 3.", "Picture 4."]
    end = whole.rindex(b"a/4.json") + 1024  # its header and its block; zeros follow
    for length in (*range(0, end, 100), end):
        Path("cut.tar").write_bytes(whole[:length])
        kept = []
        with pytest.raises(ImageError, match=r"no whole tar|lacks the empty block"):
            kept.extend(TarShards().rows("cut.tar"))
        assert [row.data for row in kept] == [row.data for row in rows[: len(kept)]]
        assert [row.caption for row in kept] == [row.caption for row in rows[: len(kept)]]
    assert len(kept) == 1
    done = run("encode", "cut.tar", "out", "-j", 1)
    assert done.exit_code == 1
    assert "1 of 1 shards were not read to their end:\n" in done.stderr
    assert "  cut.tar: lacks the empty block at its end: it was cut" in done.stderr
    assert [*read_tar(Path("out/cut.tar"))] == ["a/3.avif", "a/3.json"]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_shard_that_is_none_is_listed_and_the_rest_goes_on(shards, kind):
    Path(f"in/000.{kind}").write_bytes(b"junk" * 999)
    done = run("encode", f"in/*.{kind}", "out", "-j", 1)
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if f"in/000.{kind}:" in line]
    assert "no whole tar" in line or "no Parquet file" in line
    assert not Path(f"out/000.{kind}").exists()
    assert Path(f"out/01.{kind}").exists()


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.json": b"{}"}, "0 pictures in a.json"),
        ({"a.png": b"", "a.json": b"{}"}, "a.png is empty"),
        ({"a.png": picture(1), "a.jpg": picture(1)}, "2 pictures in a.png, a.jpg"),
        ({"a.png": picture(1), "a.json": b"[]"}, "its captions cannot be read: expected a table"),
    ],
)
def test_a_key_that_is_no_captioned_picture_is_listed(shards, files, told):
    write_tar(Path("odd.tar"), files | {"b.png": picture(2)})
    done = run("encode", "odd.tar", "out", "-j", 1)
    assert done.exit_code == 1
    assert f"  odd.tar/a: {told}" in done.stderr
    assert [*read_tar(Path("out/odd.tar"))] == ["b.avif"]


def test_no_name_in_a_tar_leads_out_of_the_folder(shards):
    write_tar(Path("odd.tar"), {"../../up.png": picture(1), "/root.png": picture(2)})
    assert run("encode", "odd.tar", "out", "-j", 1, "--unpack").exit_code == 0
    assert sorted(p.name for p in Path("out/odd").iterdir()) == ["root.avif", "up.avif"]


def test_a_name_that_no_file_can_have_is_listed(shards):
    names = ("a", "x" * 300, "b")
    write_tar(Path("odd.tar"), {f"{name}.png": picture(k) for k, name in enumerate(names)})
    done = run("encode", "odd.tar", "out", "-j", 1, "--unpack")
    assert done.exit_code == 1
    assert "1 of 3 pictures failed:" in done.stderr
    assert "File name too long" in done.stderr
    assert sorted(p.name for p in Path("out/odd").iterdir()) == ["a.avif", "b.avif"]
    again = run("encode", "odd.tar", "out", "-j", 1, "--unpack")
    assert "1 of 1 pictures failed:" in again.stderr


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("encode none*.tar out", 1, "none*.tar: no shard to read"),
        ("encode in out", 1, "no file to read, expected"),
        ("encode in out", 1, "to be given as 'in/*.tar' or 'in/*.parquet'"),
        ("encode in/*.tar out.tar", 1, "out.tar must be a folder"),
        ("encode in/00.tar out.parquet", 1, "out.parquet must be a folder or a .tar file"),
        (
            "encode in/00.tar out.avif",
            1,
            "out.avif must be a folder or a .tar file, because in/00.tar holds many pictures",
        ),
        ("encode in/*.parquet out.JPG", 1, "out.JPG must be a folder, because in/*.parquet holds"),
        ("decode in/00.tar out.png --unpack", 1, "out.png must be a folder, because in/00.tar"),
        ("encode in/00.tar -", 1, "- must be a folder or a .tar file"),
        ("encode in/00.tar in", 1, "in/00.tar is the source itself"),
        ("encode in/00.tar x.tar --caption A", 2, "one caption"),
        ("encode in/00.tar out --image-column x", 1, "columns are those of Parquet files"),
        ("encode in/00.parquet out --image-column x", 1, "there is no column 'x'"),
        ("encode in/00.parquet out --image-column number", 1, "number is int64: expected bytes"),
        ("encode in out --unpack", 2, "--unpack"),
        ("encode in/p.png out.tar", 2, "out.tar takes a folder or a glob"),
        ("encode in/*.png out.tar --manifest x.jsonl", 2, "--manifest cannot tell what"),
        ("encode in/*.png out.tar --unpack", 2, "--unpack"),
        ("encode in/*.tar out --manifest out", 2, "--manifest out is where TARGET out is to be"),
        ("encode in/*.tar out --manifest -", 2, "--manifest - is no file"),
        ("decode in/*.tar out --unpack --manifest out", 2, "--manifest out is where TARGET"),
        ("encode gone.tar out", 1, "error: gone.tar: "),
    ],
)
def test_what_cannot_be_is_told(shards, command, code, told):
    if "png" in command:
        Path("in/p.png").write_bytes(picture(1))
    done = run(*command.split(), "--force")
    assert done.exit_code == code
    assert told in " ".join(done.stderr.replace("\u2502", "").split())
    assert not Path("out").exists() or not list(Path("out").iterdir())
    assert not any(Path(name).exists() for name in ("out.avif", "out.JPG", "out.png", "-"))


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_shard_is_not_written_over_under_another_name(shards, link):
    link(Path("in/01.tar").resolve(), "other.tar")
    before = Path("in/01.tar").read_bytes()
    done = run("encode", "in/01.tar", "other.tar", "--force")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "other.tar is the source itself" in done.stderr
    assert Path("in/01.tar").read_bytes() == before


@pytest.fixture
def photos(shards) -> Path:
    """A folder with a tree, two pictures of one stem, captions and what is no picture."""
    Path("photos/deep").mkdir(parents=True)
    for k, name in enumerate(("a.png", "b.png", "b.jpg", "deep/c.png")):
        Path("photos", name).write_bytes(picture(k))
    Path("photos/a.txt").write_text("A dog.")
    Path("photos/deep/bad.png").write_bytes(b"junk")
    return shards


@pytest.mark.parametrize("number", [1, 2])
def test_a_folder_is_packed_into_a_tar(photos, number):
    done = run("encode", "photos", "out.tar", "-j", number, "--caption-from", "auto")
    assert done.exit_code == 1
    assert "1 of 5 pictures failed:\n  photos/deep/bad.png: not a picture" in done.stderr
    assert "passed over 1 file of other kinds: 1 .txt" in done.stderr
    assert "photos/a.png: caption to embed: read from photos/a.txt" in done.stderr
    found = read_tar(Path("out.tar"))
    assert [*found] == ["a.avif", "a.txt", "b.jpg.avif", "b.png.avif", "deep/c.avif"]
    assert found["a.txt"] == b"A dog."
    again = run("encode", "photos", "out.tar", "-j", 1)
    assert "1 of 1 shards were there already" in again.stderr
    assert run("encode", "photos", "plain", "-j", 1, "--caption-from", "auto").exit_code == 1
    assert found["deep/c.avif"] == Path("plain/deep/c.avif").read_bytes()


def test_a_glob_is_packed_into_a_table(photos):
    assert run("encode", "photos/*.png", "out.parquet", "-j", 1).exit_code == 0
    rows = parquet.read_table("out.parquet").to_pylist()
    assert [row["image"]["path"] for row in rows] == ["a.avif", "b.avif"]
    assert [row["caption"] for row in rows] == ["A dog.", None]
    assert Image.open(io.BytesIO(rows[1]["image"]["bytes"])).format == "AVIF"
    assert run("decode", "out.parquet", "back", "--unpack", "-j", 1).exit_code == 0
    assert Path("back/out/000000000.txt").read_text() == "A dog."


def test_a_store_holds_shards_too(shards):
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.store.clear()
    for kind in EVERY_KIND:
        store.pipe_file(f"/in/01.{kind}", Path(f"in/01.{kind}").read_bytes())
        for source, target in (
            (f"memory://in/*.{kind}", "memory://out"),
            (f"in/01.{kind}", "here"),
        ):
            done = run("encode", source, target, "-j", 1)
            assert done.exit_code == 0, done.output
        assert store.cat_file(f"/out/01.{kind}") == Path(f"here/01.{kind}").read_bytes()
    store.store.clear()
