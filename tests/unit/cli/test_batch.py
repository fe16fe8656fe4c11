"""Which jobs SOURCE and TARGET stand for, and what running them prints and skips."""

import json
from pathlib import Path

import pytest
import typer

from sidelight.api import decoder_of
from sidelight.cli.batch import Job, Record, find_jobs, run_jobs
from sidelight.cli.captions import CaptionToRead
from sidelight.errors import ConfigError, ImageError, TextError

GOLDEN = Path(__file__).parents[2] / "golden"
PICTURES = {".png", ".jpg"}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    for name in ("photos/a.png", "photos/b.JPG", "photos/deep/er/c.png", "photos/notes.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def jobs(source: str, target: str) -> list[tuple[str, str]]:
    return [tuple(job) for job in find_jobs(source, target, read_suffixes=PICTURES, suffix=".slt")]


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("photos/a.png", "x.slt", ("photos/a.png", "x.slt")),
        ("photos/a.png", "photos", ("photos/a.png", "photos/a.slt")),
        ("photos/a.png", "new/", ("photos/a.png", "new/a.slt")),
        ("missing.png", "x.slt", ("missing.png", "x.slt")),
        ("photos/notes.md", "-", ("photos/notes.md", "-")),
        ("-", "x.slt", ("-", "x.slt")),
        ("-", "-", ("-", "-")),
    ],
)
def test_one_source_is_one_job(folder, source, target, expected):
    assert jobs(source, target) == [expected]


def test_a_folder_keeps_its_tree_and_takes_known_suffixes_only(folder):
    assert jobs("photos", "out") == [
        ("photos/a.png", "out/a.slt"),
        ("photos/b.JPG", "out/b.slt"),
        ("photos/deep/er/c.png", "out/deep/er/c.slt"),
    ]


def test_a_glob_puts_its_matches_straight_into_the_target(folder):
    assert jobs("photos/**/*.png", "out") == [
        ("photos/a.png", "out/a.slt"),
        ("photos/deep/er/c.png", "out/c.slt"),
    ]


def test_a_name_with_brackets_that_exists_is_no_glob(folder):
    Path("a[1].png").touch()
    assert jobs("a[1].png", "x.slt") == [("a[1].png", "x.slt")]


def test_files_that_differ_in_suffix_only_keep_it(folder):
    Path("photos/a.jpg").touch()
    assert jobs("photos", "out")[:3] == [
        ("photos/a.jpg", "out/a.jpg.slt"),
        ("photos/a.png", "out/a.png.slt"),
        ("photos/b.JPG", "out/b.slt"),
    ]


def test_matches_of_one_name_in_two_folders_are_refused(folder):
    Path("photos/deep/a.png").touch()
    with pytest.raises(ConfigError, match=r"would both become out/a.png.slt; give their common"):
        jobs("photos/**/*.png", "out")


@pytest.mark.parametrize("source", ["empty", "photos/*.webp", "nothing/*"])
def test_without_a_file_to_read_there_is_an_error(folder, source):
    Path("empty").mkdir()
    with pytest.raises(ConfigError, match=r"no file to read, expected .jpg, .png"):
        jobs(source, "out")


@pytest.mark.parametrize("target", ["-", "photos/a.png"])
def test_several_sources_need_a_folder(folder, target):
    with pytest.raises(ConfigError, match="must be a folder, because photos stands for several"):
        jobs("photos", target)


def test_stdin_does_not_go_into_a_folder(folder):
    with pytest.raises(ConfigError, match="stdin has no name"):
        jobs("-", "photos")


def record(job: Job) -> Record:
    return {"bytes": 100, "bpp": 0.5, "notes": ["a note"]}


def test_one_job_prints_its_line_and_its_notes_apart(folder, capsys):
    run_jobs([Job("a.png", "a.slt")], record, force=False, as_json=False)
    out, err = capsys.readouterr()
    assert out.startswith("a.png -> a.slt: 100 bytes, 0.5000 bpp, ")
    assert err == "a.png: a note\n"


def test_a_job_that_writes_to_stdout_prints_to_stderr_only(folder, capsys):
    run_jobs([Job("a.png", "-")], record, force=False, as_json=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err.splitlines()[1])["notes"] == ["a note"]


def test_a_single_target_that_exists_is_refused_unless_forced(folder):
    with pytest.raises(ConfigError, match=r"a\.png exists; give --force"):
        run_jobs([Job("x", "photos/a.png")], record, force=False, as_json=False)
    run_jobs([Job("x", "photos/a.png")], record, force=True, as_json=False)


def test_several_jobs_skip_what_is_there(folder, capsys):
    several = [Job("x", "photos/a.png"), Job("y", "y.slt")]
    run_jobs(several, record, force=False, as_json=True)
    out, err = capsys.readouterr()
    assert [json.loads(line)["source"] for line in out.splitlines()] == ["y"]
    assert "1 of 2 files were there already; --force codes them again" in err
    run_jobs(several, record, force=True, as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("error", [ImageError("b: broken"), OSError("full")])
def test_a_failure_does_not_stop_the_rest(folder, capsys, error):
    def work(job: Job) -> Record:
        if job.source == "b":
            raise error
        return record(job)

    with pytest.raises(typer.Exit) as caught:
        run_jobs([Job(n, f"{n}.slt") for n in "abc"], work, force=False, as_json=True)
    assert caught.value.exit_code == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["source"] for line in out.splitlines()] == ["a", "c"]
    assert f"1 of 3 files failed:\n  b: {str(error).removeprefix('b: ')}\n" in err


def test_mistakes_in_our_code_are_not_hidden(folder):
    def work(job: Job) -> Record:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError):
        run_jobs([Job("a", "a.slt"), Job("b", "b.slt")], work, force=False, as_json=True)


@pytest.fixture
def slt(tmp_path) -> str:
    (tmp_path / "a.slt").write_bytes((GOLDEN / "rgb.slt").read_bytes())
    return str(tmp_path / "a.slt")


def caption_of(slt: str, given: str | None = None, place: Path | None = None):
    read = CaptionToRead(given=given, place=None if place is None else str(place))
    data = Path(slt).read_bytes()
    return read.of(slt, data, decoder_of(data, GOLDEN / "tiny.safetensors").open(data))


def test_the_caption_given_comes_before_the_one_beside(slt):
    Path(slt).with_suffix(".txt").write_text("Beside.")
    assert caption_of(slt, "Given.") == ("Given.", "given")
    assert caption_of(slt, "") == ("", "none, as asked")
    assert caption_of(slt).text == "Beside."


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
    run_jobs([job], record, force=False, as_json=True, several=True)
    assert target.read_bytes() == b"old"
    assert "there already" in capsys.readouterr().err
