"""What running jobs prints, skips and survives; which caption a file gets."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import typer

from sidelight.api import decoder_of
from sidelight.cli.batch import Record, run_jobs
from sidelight.cli.captions import CaptionToRead
from sidelight.cli.jobs import Job, Jobs
from sidelight.errors import ConfigError, ImageError, TextError

GOLDEN = Path(__file__).parents[2] / "golden"


def several(*jobs: Job) -> Jobs:
    return Jobs(list(jobs), True, Counter(), [])


def one(source: str, target: str) -> Jobs:
    return Jobs([Job(source, target)], False, Counter(), [])


def record(job: Job) -> Record:
    return {"bytes": 100, "bpp": 0.5, "notes": ["a note"]}


def test_one_job_prints_its_line_and_its_notes_apart(folder, capsys):
    run_jobs(one("a.png", "a.slt"), record, force=False, as_json=False)
    out, err = capsys.readouterr()
    assert out.startswith("a.png -> a.slt: 100 bytes, 0.5000 bpp, ")
    assert err == "a.png: a note\n"


def test_a_job_that_writes_to_stdout_prints_to_stderr_only(folder, capsys):
    run_jobs(one("a.png", "-"), record, force=False, as_json=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err.splitlines()[1])["notes"] == ["a note"]


def test_a_single_target_that_exists_is_refused_unless_forced(folder):
    with pytest.raises(ConfigError, match=r"a\.png exists; give --force"):
        run_jobs(one("x", "photos/a.png"), record, force=False, as_json=False)
    run_jobs(one("x", "photos/a.png"), record, force=True, as_json=False)


@pytest.mark.parametrize("name", ["photos/a.png", "link.png", "hard.png", "photos/../photos/a.png"])
def test_a_source_is_not_replaced_even_by_force(folder, name):
    Path("link.png").symlink_to("photos/a.png")
    Path("hard.png").hardlink_to("photos/a.png")
    for found in (one("photos/a.png", name), several(Job("photos/a.png", name))):
        with pytest.raises((ConfigError, typer.Exit)):
            run_jobs(found, reached, force=True, as_json=False)


def reached(job: Job) -> Record:
    pytest.fail("must not be reached")


def test_what_was_passed_over_is_counted_and_told(folder, capsys):
    found = Jobs([Job("a.png", "a.slt")], True, Counter({".pdf": 2, "._*": 1}), [])
    run_jobs(found, record, force=False, as_json=True)
    assert "3 files of other kinds were passed over: 1 ._*, 2 .pdf\n" in capsys.readouterr().err


def test_folders_that_were_not_read_are_named_and_the_exit_code_is_1(folder, capsys):
    found = Jobs([Job("a.png", "a.slt")], True, Counter(), [("shut", "Permission denied")])
    with pytest.raises(typer.Exit) as caught:
        run_jobs(found, record, force=False, as_json=True)
    assert caught.value.exit_code == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["source"] == "a.png"
    assert "1 folders were not read:\n  shut: Permission denied\n" in err


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
    assert [json.loads(line)["source"] for line in out.splitlines()] == ["a", "c"]
    assert f"1 of 3 files failed:\n  b: {told}\n" in err


def test_mistakes_in_our_code_are_not_hidden(folder):
    def work(job: Job) -> Record:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError):
        run_jobs(several(Job("a", "a.slt"), Job("b", "b.slt")), work, force=False, as_json=True)


@pytest.fixture
def slt(tmp_path) -> str:
    (tmp_path / "a.slt").write_bytes((GOLDEN / "rgb.slt").read_bytes())
    return str(tmp_path / "a.slt")


def caption_of(slt: str, given: str | None = None, place: Path | None = None):
    read = CaptionToRead(given=given, place=None if place is None else str(place))
    data = Path(slt).read_bytes()
    return read.of(slt, data, decoder_of(data, GOLDEN / "tiny.safetensors").open(data))[:2]


def test_the_caption_given_comes_before_the_one_beside(slt):
    Path(slt).with_suffix(".txt").write_text("Beside.")
    assert caption_of(slt, "Given.") == ("Given.", "given")
    assert caption_of(slt, "") == ("", "none, as asked")
    assert caption_of(slt)[0] == "Beside."


def test_no_caption_anywhere_is_told(slt):
    assert caption_of(slt) == ("", "none found")


def test_a_byte_order_mark_is_no_part_of_the_caption(slt, tmp_path):
    path = tmp_path / "caption.txt"
    path.write_bytes("\ufeffA dog.".encode())
    assert caption_of(slt, place=path) == ("A dog.", f"read from {path}")


def test_a_caption_file_must_be_utf_8(slt, tmp_path):
    path = tmp_path / "caption.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(TextError, match="is not UTF-8 text"):
        caption_of(slt, place=path)


def test_the_only_picture_of_a_folder_is_skipped_when_it_is_there(tmp_path, capsys):
    target = tmp_path / "a.slt"
    target.write_bytes(b"old")
    job = Job(str(tmp_path / "a.png"), str(target))
    run_jobs(several(job), record, force=False, as_json=True)
    assert target.read_bytes() == b"old"
    assert "there already" in capsys.readouterr().err
