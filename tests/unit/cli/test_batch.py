"""What running jobs prints, skips and survives."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import typer
from tests.unit.bulk.test_local import Upper

from sidelight.bulk.coding import Record
from sidelight.bulk.jobs import Job, Jobs
from sidelight.bulk.local import FileWork
from sidelight.bulk.manifest import Manifest
from sidelight.cli.batch import check_manifest, run_jobs
from sidelight.errors import ConfigError, ImageError


def several(*jobs: Job) -> Jobs:
    return Jobs(list(jobs), True, Counter(), [])


def one(source: str, target: str) -> Jobs:
    return Jobs([Job(source, target)], False, Counter(), [])


def record(job: Job) -> Record:
    return {**job._asdict(), "seconds": 1.0, "target_bytes": 100, "bpp": 0.5, "notes": ["a note"]}


def test_one_job_prints_its_line_and_its_notes_apart(folder, capsys):
    run_jobs(one("a.png", "a.slt"), record, force=False, as_json=False)
    out, err = capsys.readouterr()
    assert out.startswith("a.png -> a.slt (100 bytes, 0.5000 bpp): ")
    assert err == "a.png: a note\n"


def test_a_job_that_writes_to_stdout_prints_to_stderr_only(folder, capsys):
    run_jobs(one("a.png", "-"), record, force=False, as_json=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err.splitlines()[1])["notes"] == ["a note"]


def test_what_was_passed_over_is_counted_and_told(folder, capsys):
    found = Jobs([Job("a.png", "a.slt")], True, Counter({".pdf": 2, "._*": 1}), [])
    run_jobs(found, record, force=False, as_json=True)
    assert "passed over 3 files of other kinds: 1 ._*, 2 .pdf\n" in capsys.readouterr().err


def test_folders_that_were_not_read_are_named_and_the_exit_code_is_1(folder, capsys):
    found = Jobs([Job("a.png", "a.slt")], True, Counter(), [("shut", "Permission denied")])
    with pytest.raises(typer.Exit) as caught:
        run_jobs(found, record, force=False, as_json=True)
    assert caught.value.exit_code == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["source"] == "a.png"
    assert "1 folder not read:\n  shut: Permission denied\n" in err


@pytest.mark.parametrize("target", ["/dev/null", "pipe"])
def test_what_cannot_be_replaced_needs_no_force(folder, target, capsys):
    os.mkfifo("pipe")
    run_jobs(one("a.png", target), record, force=False, as_json=True)
    assert json.loads(capsys.readouterr().out)["target"] == target


def test_several_jobs_skip_what_is_there(folder, capsys):
    both = several(Job("x", "photos/a.png"), Job("y", "y.slt"))
    run_jobs(both, record, force=False, as_json=True)
    out, err = capsys.readouterr()
    assert [json.loads(line)["source"] for line in out.splitlines()] == ["y"]
    assert "1 of 2 files were there already; --force codes them again" in err
    run_jobs(both, record, force=True, as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_no_file_is_replaced_of_which_the_manifest_does_not_tell(folder, capsys):
    both = several(Job("y", "y.up"), Job("x", "photos/a.png"))
    with Manifest.opened(Path("rows.jsonl"), Upper()) as manifest:
        with pytest.raises(ConfigError, match=r"photos/a\.png exists, of which rows\.jsonl"):
            run_jobs(both, record, manifest=manifest, force=False, as_json=True)
        assert capsys.readouterr().out == ""
        run_jobs(both, record, manifest=manifest, force=True, as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 2


NO_MEMORY = "not enough memory; free some, or scale the picture down"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ImageError("b: broken"), "broken"),
        (OSError("full"), "full"),
        (MemoryError(), NO_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), NO_MEMORY),
        (RuntimeError("CUDA out of memory. Tried to allocate 9 GiB"), NO_MEMORY),
    ],
)
def test_a_failure_does_not_stop_the_rest(folder, capsys, error, told):
    def work(job: Job) -> Record:
        if job.source == "b":
            raise error
        return record(job)

    with pytest.raises(typer.Exit) as caught:
        run_jobs(several(*(Job(n, f"{n}.slt") for n in "abc")), work, force=False, as_json=True)
    assert caught.value.exit_code == 1
    out, err = capsys.readouterr()
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["source"] for record in records if "error" not in record] == ["a", "c"]
    assert f"1 of 3 files failed:\n  b: {told}\n" in err


def test_a_picture_that_fails_has_a_record_too(folder, capsys):
    def work(job: Job) -> Record:
        raise ImageError("a: broken")

    for as_json in (True, False):
        with pytest.raises(typer.Exit):
            run_jobs(several(Job("a", "a.slt")), work, force=False, as_json=as_json)
        out = capsys.readouterr().out
        expected = {"source": "a", "target": "a.slt", "error": "broken"}
        assert [json.loads(line) for line in out.splitlines()] == [expected] * as_json


def test_mistakes_in_our_code_are_not_hidden(folder):
    def work(job: Job) -> Record:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError):
        run_jobs(several(Job("a", "a.slt"), Job("b", "b.slt")), work, force=False, as_json=True)


def test_the_only_picture_of_a_folder_is_skipped_when_it_is_there(tmp_path, capsys):
    target = tmp_path / "a.slt"
    target.write_bytes(b"old")
    job = Job(str(tmp_path / "a.png"), str(target))
    run_jobs(several(job), record, force=False, as_json=True)
    assert target.read_bytes() == b"old"
    assert "there already" in capsys.readouterr().err


@pytest.fixture
def mixed(folder) -> tuple[Jobs, Jobs]:
    """Jobs in place and by a glob; beside one source lies a picture with its target's name."""
    for name in ("a.png", "b.png", "a.up"):
        Path("photos", name).write_bytes(b"old")
    jobs = [Job(f"photos/{name}.png", f"photos/{name}.up") for name in "ab"]
    linked = folder / "linked"
    linked.symlink_to("photos")
    return several(*jobs), several(*(Job(j.source, f"linked/{Path(j.target).name}") for j in jobs))


@pytest.mark.parametrize("which", [0, 1])
def test_in_a_folder_of_sources_nothing_is_replaced_even_by_force(mixed, capsys, which):
    with pytest.raises(ConfigError, match=r"a\.up is in a folder of sources, and may be .* lost"):
        run_jobs(mixed[which], FileWork(Upper(), force=True), force=True, as_json=True)
    assert capsys.readouterr().out == ""
    assert Path("photos/a.up").read_bytes() == b"old"


@pytest.mark.parametrize("which", [0, 1])
def test_in_a_folder_of_sources_a_run_goes_on_and_no_force_is_advised(mixed, capsys, which):
    run_jobs(mixed[which], FileWork(Upper()), force=False, as_json=True)
    told = capsys.readouterr().err
    assert "1 of 2 files were there already; name another folder as TARGET to code them" in told
    assert "--force" not in told
    assert [Path(f"photos/{name}.up").read_bytes() for name in "ab"] == [b"old", b"OLD"]


def test_in_a_folder_of_sources_the_manifest_tells_what_may_be_replaced(mixed, capsys):
    def run(*, force: bool) -> tuple[int, str]:
        with Manifest.opened(Path("rows.jsonl"), Upper()) as manifest:
            work = FileWork(Upper(), force=True, for_manifest=True)
            run_jobs(mixed[0], work, manifest=manifest, force=force, as_json=True)
        told = capsys.readouterr()
        return len(told.out.splitlines()), told.err

    for force in (False, True):
        with pytest.raises(ConfigError, match=r"a\.up is in a folder of sources"):
            run(force=force)
    Path("photos/a.up").unlink()
    assert run(force=False)[0] == 2
    number, told = run(force=False)
    assert number == 0
    assert "2 of 2 files were there already; --force codes them again" in told
    assert run(force=True)[0] == 2


@pytest.mark.parametrize(
    ("manifest", "target"),
    [("out", "out"), ("./out", "out/"), ("out", "out/deep/er"), ("here/out", "photos/out")],
)
def test_a_manifest_takes_no_place_of_the_target(folder, manifest, target):
    Path("here").symlink_to("photos")
    with pytest.raises(typer.BadParameter, match=r"is where TARGET .* is to be; name another file"):
        check_manifest(Path(manifest), target)
    check_manifest(Path(target, "rows.jsonl"), target)
    check_manifest(Path(manifest), "memory://out")


@pytest.mark.parametrize("place", ["-", "/dev/stdout", "pipe"])
def test_a_manifest_is_a_file(folder, place):
    os.mkfifo("pipe")
    with pytest.raises(typer.BadParameter, match="is no file that a later run could go on from"):
        check_manifest(Path(place), "out")
