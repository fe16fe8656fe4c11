import pytest

from sidelight.assets import ENVIRONMENT_VARIABLE, find_asset
from sidelight.errors import CheckpointError


def test_an_asset_is_found_below_the_folder(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.bin").touch()
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    assert find_asset("weights/a.bin") == tmp_path / "weights" / "a.bin"


def test_an_absent_asset_is_named_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    with pytest.raises(CheckpointError, match=rf"a\.bin is not in {tmp_path}"):
        find_asset("a.bin")


def test_without_the_variable_the_error_says_what_to_set(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    with pytest.raises(CheckpointError, match="set SIDELIGHT_ASSETS"):
        find_asset("a.bin")
