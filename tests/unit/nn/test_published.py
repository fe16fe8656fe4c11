"""Published weight files: where they are found, and what is not taken for one."""

import os
from pathlib import Path

import pytest
import torch

from sidelight.errors import CheckpointError
from sidelight.nn.published import PublishedFile, read_tensors, renamed

FILE = PublishedFile("net.pth", "https://example.org/net.pth", "some_wheel/models/net.pth")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (tmp_path / "weights").mkdir()
    models = tmp_path / "site" / "some_wheel" / "models"
    models.mkdir(parents=True)
    models.with_name("__init__.py").write_text("raise ImportError('looked for, never imported')")
    return tmp_path


def test_the_assets_folder_comes_before_the_wheel(root):
    assert FILE.find() is None
    torch.save({"a": torch.ones(2)}, root / "site" / "some_wheel" / "models" / "net.pth")
    assert FILE.read()["a"].tolist() == [1, 1]
    torch.save({"a": torch.zeros(2)}, root / "weights" / "net.pth")
    assert FILE.read()["a"].tolist() == [0, 0]


def test_a_missing_file_is_named_with_its_url(root):
    with pytest.raises(
        CheckpointError,
        match=r"net\.pth is needed: set SIDELIGHT_ASSETS .* put https://example.org/net\.pth",
    ):
        FILE.read()


def test_a_file_may_lie_where_its_own_variable_says(root, monkeypatch):
    file = FILE._replace(variable="SOME_NET")
    torch.save({"a": torch.zeros(2)}, root / "weights" / "net.pth")
    monkeypatch.setenv("SOME_NET", str(root / "elsewhere.pth"))
    with pytest.raises(CheckpointError, match=r"cannot read .*elsewhere\.pth"):
        file.read()
    torch.save({"a": torch.ones(2)}, root / "elsewhere.pth")
    assert file.read()["a"].tolist() == [1, 1]
    assert FILE.read()["a"].tolist() == [0, 0]


def test_how_to_get_a_file_says_where_was_looked_and_what_else_helps(root):
    with pytest.raises(CheckpointError, match=rf"now {root}\) .*, or set SOME_NET to the file$"):
        FILE._replace(variable="SOME_NET").locate()


class MakesAFolder:
    """What a pickle may do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_file_is_not_run(tmp_path):
    torch.save({"a": MakesAFolder(tmp_path / "made")}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"net\.pth is no weight file: [^\n]+$"):
        read_tensors(tmp_path / "net.pth")
    assert not (tmp_path / "made").exists()


def write_a_number(path):
    torch.save({"a": 3}, path)


def write_a_list(path):
    torch.save([torch.zeros(1)], path)


def write_text(path):
    path.write_text("<html>404</html>")


def write_nothing(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("write", [write_a_number, write_a_list, write_text, write_nothing])
def test_what_is_no_weight_file_is_refused(tmp_path, write):
    write(tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"net\.pth is no weight file: [^\n]+$"):
        read_tensors(tmp_path / "net.pth")


def test_listed_layers_change_their_names_and_others_are_left_out():
    state = {f"{layer}.{kind}": torch.rand(1) for layer in "ab" for kind in ("weight", "bias")}
    names = renamed(state, {"b": "x.0"})
    assert names == {"x.0.weight": state["b.weight"], "x.0.bias": state["b.bias"]}
    with pytest.raises(KeyError):
        renamed(state, {"c": "x.0"})
