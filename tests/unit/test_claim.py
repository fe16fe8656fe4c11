"""A folder that is filled bit by bit has one process at work."""

import pytest

from sidelight import claim
from sidelight.claim import claimed
from sidelight.errors import ConfigError


@pytest.fixture(params=["folders", "files"])
def locks(request, monkeypatch):
    """What can be locked: on Windows, where there is no fcntl, only files."""
    if request.param == "files":
        monkeypatch.setattr(claim, "fcntl", None)


@pytest.mark.usefixtures("locks")
def test_a_claim_keeps_others_out_until_it_ends(tmp_path):
    folder = tmp_path / "deep" / "run"
    told = f"another process is at work in {folder}: wait"
    with (
        claimed(folder),
        claimed(tmp_path / "other"),
        pytest.raises(ConfigError, match=told),
        claimed(folder),
    ):
        pass
    with claimed(folder):
        pass


@pytest.mark.usefixtures("locks")
def test_a_claim_ends_with_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), claimed(tmp_path):
        raise ZeroDivisionError
    with claimed(tmp_path):
        pass


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path):
    made, filled, found = (tmp_path / name for name in ("made", "filled", "found"))
    found.mkdir()
    for folder in (made, filled, found):
        with claimed(folder):
            if folder == filled:
                (folder / "log.jsonl").touch()
    assert sorted(tmp_path.iterdir()) == [filled, found]


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "run").write_bytes(b"")
    with (
        pytest.raises(ConfigError, match="run is a file, expected a folder"),
        claimed(tmp_path / "run"),
    ):
        pass


def test_where_nothing_can_be_locked_nobody_is_kept_out(tmp_path, monkeypatch):
    def no_locks(*_: int) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with claimed(tmp_path), claimed(tmp_path):
        assert not list(tmp_path.iterdir())
