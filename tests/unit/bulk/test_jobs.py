"""Which jobs SOURCE and TARGET stand for, and what is said of files and folders that are none."""

import os
from pathlib import Path

import pytest

from sidelight.bulk.jobs import Jobs, find_jobs
from sidelight.errors import ConfigError

PICTURES = {".png", ".jpg"}


def found(source: str, target: str, suffix: str = ".slt") -> Jobs:
    return find_jobs(source, target, read_suffixes=PICTURES, suffix=suffix)


def jobs(source: str, target: str) -> list[tuple[str, str]]:
    return [tuple(job) for job in found(source, target).jobs]


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("photos/a.png", "x.slt", ("photos/a.png", "x.slt")),
        ("photos/a.png", "photos", ("photos/a.png", "photos/a.slt")),
        ("photos/a.png", "new/", ("photos/a.png", "new/a.slt")),
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
    with pytest.raises(ConfigError, match=r"would both become out/a.slt; give their common"):
        jobs("photos/**/*.png", "out")


@pytest.mark.parametrize("source", ["empty", "photos/*.webp", "nothing/*"])
def test_without_a_file_to_read_there_is_an_error(folder, source):
    Path("empty").mkdir()
    with pytest.raises(ConfigError, match=r"no file to read, expected .jpg, .png"):
        jobs(source, "out")


def test_a_missing_file_is_told_before_what_its_target_lacks(folder):
    with pytest.raises(FileNotFoundError, match=r"missing\.png"):
        jobs("missing.png", "folder")


def test_a_file_cannot_hold_the_target(folder):
    with pytest.raises(ConfigError, match=r"x/y cannot be a folder: photos/a\.png is a file"):
        jobs("photos", "photos/a.png/x/y")


def test_what_counts_as_made_in_the_same_folder_is_told(folder):
    Path("made").mkdir()
    Path("made/a.jpg").touch()
    with pytest.raises(ConfigError, match=r"1 \.jpg files count as made there before"):
        found("made", "made", ".jpg")


@pytest.mark.parametrize("target", ["-", "photos/a.png"])
def test_several_sources_need_a_folder(folder, target):
    with pytest.raises(ConfigError, match="must be a folder, because photos stands for several"):
        jobs("photos", target)


def test_stdin_does_not_go_into_a_folder(folder):
    with pytest.raises(ConfigError, match="stdin has no name"):
        jobs("-", "photos")


def test_three_of_one_stem_become_three_files(folder):
    for name in ("a.jpg", "a.jpg.png"):
        Path("photos", name).touch()
    assert [target for _, target in jobs("photos", "out")] == [
        "out/a.jpg.slt",
        "out/a.jpg.png.slt",
        "out/a.png.slt",
        "out/b.slt",
        "out/deep/er/c.slt",
    ]


def test_files_of_other_kinds_are_counted(folder):
    for name in ("._a.png", "scan.pdf", "film.MOV", "README", "deep/old.pdf"):
        Path("photos", name).touch()
    os.mkfifo("photos/deep/pipe.png")
    search = found("photos", "out")
    assert len(search.jobs) == 3
    assert search.passed_over == {
        "._*": 1,
        ".md": 1,
        ".mov": 1,
        ".pdf": 2,
        ".png": 1,
        "no suffix": 1,
    }


def test_linked_folders_are_named_and_not_followed(folder):
    Path("elsewhere").mkdir()
    Path("elsewhere/x.png").touch()
    Path("photos/linked").symlink_to("../elsewhere")
    Path("photos/round").symlink_to(".")
    search = found("photos", "out")
    assert len(search.jobs) == 3
    assert sorted(place for place, _ in search.unread) == ["photos/linked", "photos/round"]
    assert jobs("photos/linked", "out") == [("photos/linked/x.png", "out/x.slt")]


def test_folders_that_cannot_be_read_are_named(folder, monkeypatch):
    scan = os.scandir

    def refuse(place):
        if Path(place).name == "deep":
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", refuse)
    search = found("photos", "out")
    assert len(search.jobs) == 2
    assert search.unread == [("photos/deep", "Permission denied")]
    with pytest.raises(ConfigError, match=r"no file to read.*; photos/deep: Permission denied"):
        found("photos/deep", "out")


@pytest.mark.parametrize("source", ["photos", "photos/**/*"])
def test_what_cannot_be_looked_at_is_a_job_that_fails(folder, monkeypatch, source):
    def refusing(question):
        def ask(path):
            if path.name in ("c.png", "er"):
                raise PermissionError(13, "Permission denied", str(path))
            return question(path)

        return ask

    for name in ("is_file", "is_dir", "is_symlink"):
        monkeypatch.setattr(Path, name, refusing(getattr(Path, name)))
    assert [Path(job.source).name for job in found(source, "out").jobs] == [
        "a.png",
        "b.JPG",
        "c.png",
    ]


def test_a_link_to_nothing_is_a_job_that_fails(folder):
    Path("photos/gone.png").symlink_to("nowhere.png")
    assert ("photos/gone.png", "out/gone.slt") in jobs("photos", "out")


def test_what_an_earlier_run_has_written_is_not_read(folder):
    before = found("photos", "photos", ".jpg").jobs
    assert before == [
        ("photos/a.png", "photos/a.jpg"),
        ("photos/deep/er/c.png", "photos/deep/er/c.jpg"),
    ]
    Path("photos/a.jpg").touch()
    assert found("photos", "photos", ".jpg").jobs == before
    inside = found("photos", "photos/out").jobs
    Path("photos/out").mkdir()
    Path("photos/out/a.png").touch()
    assert found("photos", "photos/out").jobs == inside


def test_a_glob_that_names_no_suffix_takes_known_ones(folder):
    assert jobs("photos/*", "out") == [("photos/a.png", "out/a.slt"), ("photos/b.JPG", "out/b.slt")]
    assert found("photos/*", "out").passed_over == {".md": 1}
    assert jobs("photos/*.md", "out") == [("photos/notes.md", "out/notes.slt")]


def test_a_glob_takes_each_file_once_where_links_lead_round(folder):
    Path("photos/round").symlink_to(".")
    assert jobs("photos/**/*.png", "out") == [
        ("photos/a.png", "out/a.slt"),
        ("photos/deep/er/c.png", "out/c.slt"),
    ]


def test_a_linked_file_is_one_of_its_own(folder):
    Path("photos/latest.png").symlink_to("a.png")
    for source in ("photos", "photos/*.png"):
        assert ("photos/latest.png", "out/latest.slt") in jobs(source, "out")


@pytest.mark.parametrize("source", ["photos", "photos/*.png"])
def test_a_picture_is_no_name_for_a_new_folder(folder, source):
    for name in ("out.avif", "deep.er/out.SLT", "out.png"):
        with pytest.raises(ConfigError, match=r"must be a folder.*; this is a picture's name"):
            jobs(source, name)
    Path("out.avif").mkdir()
    for name in ("out.avif", "out.png/", "out.v1"):
        assert jobs(source, name)[0][1].startswith(name)
