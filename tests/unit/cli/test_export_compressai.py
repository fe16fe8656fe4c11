import numpy as np
import pytest
import torch
from PIL import Image
from tests.compressai_layers import published
from typer.testing import CliRunner

import sidelight
from sidelight.cli.app import app
from sidelight.codec.checkpoint import load_checkpoint


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "mbt2018-1-3f36cd77.pth.tar"
    torch.save(published("minnen2018"), path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["export", "--no-graphs", *map(str, arguments)])


def test_a_published_file_becomes_a_checkpoint_that_codes(source, tmp_path, make_picture):
    target = tmp_path / "minnen.safetensors"
    done = run(source, target, "-a", "minnen2018", "--terms", "BSD")
    assert done.exit_code == 0, done.output
    provenance = load_checkpoint(target).provenance
    assert (provenance["source"], provenance["terms"]) == (source.name, "BSD")
    image = make_picture(40, 70)
    data = sidelight.encode(image, format="slt", model=target)
    decoded = sidelight.decode(data, model=target)
    assert np.asarray(decoded).shape == image.shape


@pytest.mark.parametrize(
    ("architecture", "message"),
    [("balle2018", "is no bmshj2018-hyperprior of CompressAI"), ("elic", "has no 'elic'")],
)
def test_another_architecture_is_one_clear_error(source, tmp_path, architecture, message):
    target = tmp_path / "x.safetensors"
    done = run(source, target, "-a", architecture)
    assert done.exit_code == 1
    assert message in done.output
    assert not target.exists()


def test_a_file_that_is_no_weights_is_refused(tmp_path):
    picture = tmp_path / "a.png"
    Image.new("RGB", (2, 2)).save(picture)
    done = run(picture, tmp_path / "x.safetensors", "-a", "balle2018")
    assert done.exit_code == 1
    assert f"{picture} is no weight file: expected named tensors that torch saved" in done.output


def test_nothing_is_left_of_an_export_that_was_cut(source, tmp_path, monkeypatch):
    def cut(path):
        assert path.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("sidelight.codec.graphs.add_graphs", cut)
    monkeypatch.setattr("sidelight.nn.graphs.need_export_extra", lambda: None)
    target = tmp_path / "x.safetensors"
    command = ["export", str(source), str(target), "-a", "minnen2018"]
    assert CliRunner().invoke(app, command).exit_code == 130
    assert list(tmp_path.iterdir()) == [source]


def test_a_target_is_not_replaced_without_force(source, tmp_path):
    target = tmp_path / "x.safetensors"
    target.write_text("mine")
    assert run(source, target, "-a", "minnen2018").exit_code == 1
    assert target.read_text() == "mine"
