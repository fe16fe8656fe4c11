"""A run that was cut goes on where it was, and trusts nothing that has changed."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.bulk.test_local import Upper

from sidelight.bulk.coding import Coding
from sidelight.bulk.decoding import Decoding
from sidelight.bulk.encoding import Encoding
from sidelight.bulk.jobs import Job
from sidelight.bulk.local import FileWork
from sidelight.bulk.manifest import Manifest
from sidelight.errors import ConfigError, ImageError

OF_AN_OLDER_RELEASE = "03a9b8d2c4f7e651"
JOB = Job("photos/a.png", "a.up")


@pytest.fixture
def manifest(folder) -> Path:
    """Has one job done."""
    Path("photos/a.png").write_bytes(b"red")
    path = Path("manifest.jsonl")
    with Manifest.opened(path, Upper()) as opened:
        opened.add(FileWork(Upper(), for_manifest=True)(JOB))
    return path


def vouches(path: Path, suffix: str = ".up") -> bool:
    with Manifest.opened(path, Upper(suffix)) as opened:
        return opened.vouches_for(JOB)


def test_a_row_tells_what_was_coded_and_what_came_of_it(manifest):
    (row,) = map(json.loads, manifest.read_text().splitlines())
    assert row.pop("seconds") >= 0
    assert row.pop("mtime_ns") == Path("photos/a.png").stat().st_mtime_ns
    assert len(row.pop("options")) == 16
    assert row == {
        "source": "photos/a.png",
        "target": "a.up",
        "target_bytes": 3,
        "bpp": 1.0,
        "digest": "sha256:b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a",
        "size": 3,
        "written": 3,
        "error": None,
    }


def test_what_is_as_it_was_is_vouched_for(manifest):
    assert vouches(manifest)
    assert vouches(manifest)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Path("a.up").unlink(),
        lambda: Path("a.up").write_bytes(b"RE"),
        lambda: Path("photos/a.png").write_bytes(b"blue"),
        lambda: os.utime("photos/a.png", (1, 1)),
        lambda: Path("photos/a.png").unlink(),
    ],
)
def test_what_has_changed_is_not(manifest, change):
    change()
    assert not vouches(manifest)


def test_other_options_are_not(manifest):
    assert not vouches(manifest, ".other")


@dataclass(frozen=True, repr=False)
class Loud(Upper):
    """Has the options in another order, and prints in another way."""

    marks: int | None = None
    suffix: str = ".up"


def test_options_are_told_apart_by_name_and_value_however_they_print(manifest):
    def digest(coding: Coding) -> str:
        with Manifest.opened(Path("other.jsonl"), coding) as opened:
            opened.add_failure(JOB, ImageError("broken"))
        return json.loads(Path("other.jsonl").read_text().splitlines()[-1])["options"]

    known = "53e1a947203c0f26"
    assert digest(Upper()) == json.loads(manifest.read_text())["options"] == known
    assert digest(Loud()) not in (known, digest(Loud(marks=1)))
    assert digest(Encoding(caption="A.")) != digest(Encoding(caption="B."))
    assert digest(Encoding(quality=5.0)) == digest(Encoding(quality=5.0)) != digest(Decoding())


def test_rows_of_an_older_release_are_read_as_of_other_options(manifest):
    row = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**row, "options": OF_AN_OLDER_RELEASE}) + "\n")
    assert not vouches(manifest)


def test_a_failure_is_told_and_tried_again(manifest):
    with Manifest.opened(manifest, Upper()) as opened:
        opened.add_failure(JOB, ImageError("broken"))
    assert json.loads(manifest.read_text().splitlines()[1])["error"] == "broken"
    assert not vouches(manifest)


def test_jobs_are_told_of_before_they_are_done(manifest):
    new = Job("photos/b.png", "b.up")
    with Manifest.opened(manifest, Upper()) as opened:
        opened.begin([JOB, new], force=False)
    row = json.loads(manifest.read_text().splitlines()[1])
    assert row == {**new._asdict(), "options": row["options"], "error": "not done yet"}
    Path("b.up").write_bytes(b"of a run that was cut")
    whole = manifest.read_bytes()
    with Manifest.opened(manifest, Upper(".other")) as opened:
        assert not opened.vouches_for(new)
        opened.begin([JOB, new], force=False)
    assert manifest.read_bytes() == whole


def test_files_of_which_no_row_tells_are_not_replaced_unasked(manifest):
    for name in "cb":
        Path(f"{name}.up").write_bytes(b"somebody's")
    jobs = [Job(f"photos/{name}.png", f"{name}.up") for name in "cbd"]
    whole = manifest.read_bytes()
    with Manifest.opened(manifest, Upper()) as opened:
        told = r"b\.up and 1 more exist, of which manifest\.jsonl does not tell; give --force"
        with pytest.raises(ConfigError, match=told):
            opened.begin([JOB, *jobs], force=False)
        with pytest.raises(ConfigError, match=r"c\.up exists, of which"):
            opened.begin(jobs[:1], force=False)
        assert manifest.read_bytes() == whole
        opened.begin(jobs, force=True)
    assert manifest.read_bytes().count(b"\n") == 4


def test_half_a_row_is_taken_away(manifest):
    whole = manifest.read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 1):
        manifest.write_bytes(whole + whole[:cut])
        assert vouches(manifest)
        assert manifest.read_bytes() == whole


@pytest.mark.parametrize("line", ["junk", "[]", "{}", '{"error": null, "target": "a"}'])
def test_what_is_no_manifest_is_left_alone(folder, line):
    path = Path("other.jsonl")
    path.write_text(line + "\n")
    with pytest.raises(ConfigError, match="line 1 is no row of a manifest"):
        vouches(path)
    assert path.read_text() == line + "\n"


@pytest.mark.parametrize(
    "data", [b"\xff\xd8\xff\nrest", b"\x89PNG", b'{"images": []}', b'junk\n{"source": "a'], ids=repr
)
def test_no_byte_of_what_is_no_manifest_is_lost(folder, data):
    path = Path("photo.jpg")
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="line 1 is no row of a manifest"):
        vouches(path)
    assert path.read_bytes() == data


def test_two_runs_do_not_write_one_manifest(manifest):
    with (
        Manifest.opened(manifest, Upper()),
        pytest.raises(ConfigError, match=r"another process is at work in manifest\.jsonl"),
    ):
        vouches(manifest)


def test_a_folder_is_no_manifest(folder):
    with pytest.raises(ConfigError, match="photos is a folder, expected a file"):
        vouches(Path("photos"))
