import os
from pathlib import Path

import pytest

from sidelight.errors import ConfigError
from sidelight.globs import all_matches, matches


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Path:
    """Folders of which one may not be listed and one may not be entered."""
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "a/b", "a/shut", "a/half", "z"):
        Path(folder).mkdir()
        Path(folder, "x.jpg").touch()
    closed = {"a/shut": os.R_OK, "a/half": os.X_OK}
    # root may read everything: what the system would answer anybody else
    monkeypatch.setattr(
        "sidelight.globs.os.access",
        lambda path, mode: not closed.get(str(Path(path).as_posix()), 0) & mode,
    )
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "closed"),
    [
        ("a/**/*.jpg", ["a/half", "a/shut"]),
        ("**/*.jpg", ["a/half", "a/shut"]),
        ("a/*/x.jpg", ["a/half", "a/shut"]),
        ("a/s*/x.jpg", ["a/shut"]),
        ("a/*.jpg", []),
        ("*/*.jpg", []),
    ],
)
def test_folders_that_a_pattern_is_kept_out_of_are_told(tree, pattern, closed):
    found, told = matches(pattern)
    assert [folder for folder, reason in told] == closed
    assert {reason for folder, reason in told} <= {"Permission denied"}
    assert found == sorted(str(path) for path in Path().glob(pattern))
    assert matches(str(tree / pattern))[0] == [str(tree / path) for path in found]


def test_where_all_is_wanted_one_of_them_is_an_error(tree):
    assert all_matches("z/*") == ["z/x.jpg"]
    with pytest.raises(ConfigError, match=r"a/\*\*: a/half cannot be read: Permission denied"):
        all_matches("a/**")
