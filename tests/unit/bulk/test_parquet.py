"""Parquet shards through the commands: columns, rows and what is said of them."""

import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet
from tests.unit.bulk.shard_files import picture, run, write_table


def test_a_table_keeps_its_columns_and_says_what_failed(shards):
    done = run("encode", "in/*.parquet", "out", "-j", 1)
    assert done.exit_code == 1
    before, after = parquet.read_table("in/00.parquet"), parquet.read_table("out/00.parquet")
    assert after.column_names == [*before.column_names, "bpp", "error"]
    assert after["number"].to_pylist() == [0, 1, 2]
    assert after["caption"] == before["caption"]
    first, broken, last = after.to_pylist()
    assert first["image"]["path"] == "0.avif"
    assert Image.open(io.BytesIO(last["image"]["bytes"])).format == "AVIF"
    assert first["bpp"] == pytest.approx(8 * len(first["image"]["bytes"]) / (48 * 40))
    assert (broken["image"]["bytes"], broken["bpp"]) == (None, None)
    assert "not a picture" in broken["error"]
    assert first["error"] is None


@pytest.mark.parametrize(
    "columns",
    [
        {"jpg": [picture(1)], "caption": ["A."]},
        {"image": [{"bytes": picture(1), "path": None}], "text": [["A.", "B."]]},
        {"image": [{"bytes": picture(1), "path": "/"}], "txt": ["A."]},
        {"mine": [picture(1)], "said": ["A."]},
    ],
)
def test_columns_are_found_in_either_layout_or_named(shards, columns):
    write_table(Path("one.parquet"), **columns)
    names = [*columns]
    options = ["--image-column", names[0], "--caption-column", names[1]] * ("mine" in columns)
    command = ("encode", "one.parquet", "out", "-j", 1, "--caption-from", "auto", *options)
    done = run(*command)
    assert done.exit_code == 0, done.output
    assert "one.parquet/000000000: caption to embed: the one beside it" in done.stderr


def test_hugging_face_is_told_of_the_new_columns(shards):
    features = {"image": {"_type": "Image"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({"image": [{"bytes": picture(1), "path": "a.png"}]})
    parquet.write_table(table.replace_schema_metadata(metadata), "hf.parquet")
    assert run("encode", "hf.parquet", "out", "-j", 1).exit_code == 0
    told = json.loads(parquet.read_schema("out/hf.parquet").metadata[b"huggingface"])
    assert [*told["info"]["features"]] == ["image", "bpp", "error"]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"bpp": [1.5], "error": [0.1]}, "bpp and error"),
        ({"error": ["mine"]}, "error"),
        ({"bpp": [1.5], "number": [1]}, "bpp"),
    ],
)
def test_no_column_of_the_users_own_is_lost(shards, columns, told):
    write_table(Path("own.parquet"), jpg=[picture(1)], **columns)
    done = run("encode", "own.parquet", "out", "-j", 1)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"own.parquet: it has {told} among its columns, and columns of" in done.stderr
    assert not Path("out/own.parquet").exists()
    assert run("encode", "own.parquet", "out", "-j", 1, "--unpack").exit_code == 0


def test_a_table_is_coded_again(shards):
    assert run("encode", "in/01.parquet", "once.parquet", "-j", 1).exit_code == 0
    assert run("encode", "once.parquet", "twice.parquet", "-j", 1, "-q", 1).exit_code == 0
    once, twice = (parquet.read_table(f"{name}.parquet") for name in ("once", "twice"))
    assert twice.column_names == once.column_names
    assert max(twice["bpp"].to_pylist()) < min(once["bpp"].to_pylist())


def test_a_row_without_a_picture_is_listed(shards):
    write_table(Path("none.parquet"), jpg=[picture(1), None, b""])
    done = run("encode", "none.parquet", "out", "-j", 1)
    assert done.exit_code == 1
    assert "  none.parquet/000000001: no picture in column jpg\n" in done.stderr
    assert len(parquet.read_table("out/none.parquet")) == 3


def test_without_pyarrow_it_says_what_to_install(shards, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = run("encode", "in/00.parquet", "out")
    assert done.exit_code == 1
    assert done.stderr == (
        "sidelight: error: Parquet needs pyarrow: pip install 'sidelight[bulk]'\n"
    )
