"""NIMA's network from tensors as Keras names and shapes them, against numpy in Keras's layout."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from benchmarks.metrics.references.mobilenet import keras_shares, keras_tensors
from safetensors.torch import save_file

from sidelight.assets import ENVIRONMENT_VARIABLE
from sidelight.errors import CheckpointError, ConfigError
from sidelight.metrics.nima import FILE, Nima, NimaNetwork, from_keras
from sidelight.metrics.protocol import Sample

WEIGHTS = "weights_mobilenet_aesthetic_0.07"


@pytest.fixture(scope="module")
def tensors() -> dict[str, np.ndarray]:
    return keras_tensors()


@pytest.fixture
def file(tensors, tmp_path):
    path = tmp_path / f"{WEIGHTS}.safetensors"
    save_file({name: torch.from_numpy(value) for name, value in tensors.items()}, path)
    return path


def sample_of(image: np.ndarray) -> Sample:
    return Sample(np.zeros((9, 9, 3), np.uint8), image, [])


def network_of(tensors: dict[str, np.ndarray]) -> NimaNetwork:
    network = NimaNetwork()
    network.load_state_dict(
        from_keras({name: torch.from_numpy(value) for name, value in tensors.items()})
    )
    return network.eval()


@torch.inference_mode()
def test_the_network_is_that_of_keras_layers(tensors):
    doubles = {name: value.astype(np.float64) for name, value in tensors.items()}
    x = np.random.default_rng(6).uniform(-1, 1, (2, 64, 64, 3))
    shares = network_of(tensors).double()(torch.from_numpy(x).permute(0, 3, 1, 2)).numpy()
    for k in range(2):
        np.testing.assert_allclose(shares[k], keras_shares(doubles, x[k]), rtol=0, atol=1e-9)
    assert np.abs(shares[0] - shares[1]).max() > 1e-3


@torch.inference_mode()
def test_the_score_is_the_mean_of_the_shares(tensors, file, make_picture):
    image = make_picture(224, 224)
    x = torch.from_numpy(image).permute(2, 0, 1)[None] / 127.5 - 1
    shares = network_of(tensors)(x)[0].tolist()
    expected = sum(score * share for score, share in enumerate(shares, start=1))
    metric = Nima(file)
    assert metric(sample_of(image)) == pytest.approx(expected, abs=1e-5)
    assert abs(metric(sample_of(image // 3)) - expected) > 0.05


def test_other_sizes_are_squeezed_by_nearest_neighbours(file, make_picture):
    metric = Nima(file)
    image = make_picture(448, 672)
    # with a whole factor, the neighbour nearest to each middle is known
    assert metric(sample_of(image)) == metric(sample_of(image[1::2, 1::3].copy()))


def test_the_trunk_has_keras_number_of_parameters(tensors):
    state = from_keras({name: torch.from_numpy(value) for name, value in tensors.items()})
    trunk = [value for name, value in state.items() if name.startswith("features.")]
    assert sum(value.numel() for value in trunk) == 3_228_864
    assert len(state) == len(tensors)


@pytest.mark.parametrize(("favourite", "score"), [(0, 1.0), (6, 7.0), (9, 10.0)])
def test_certain_viewers_give_their_score(tensors, tmp_path, make_picture, favourite, score):
    bias = np.zeros(10, np.float32)
    bias[favourite] = 1000
    changed = {name: torch.from_numpy(value) for name, value in tensors.items()}
    save_file(changed | {"dense_1/bias:0": torch.from_numpy(bias)}, tmp_path / "x.safetensors")
    metric = Nima(tmp_path / "x.safetensors")
    assert metric(sample_of(make_picture(40, 60))) == pytest.approx(score)


class FakeDataset(np.ndarray):
    """What h5py gives for a leaf: numpy reads it."""


class FakeFile:
    """Walks as h5py does: groups and datasets by path, each layer's name twice."""

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self._tensors = tensors

    def __enter__(self) -> "FakeFile":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def visititems(self, visit) -> None:
        for name, value in self._tensors.items():
            layer = name.split("/")[0]
            visit(layer, object())
            visit(f"{layer}/{name}", value.view(FakeDataset))


def test_keras_own_file_is_read_by_its_paths(tensors, file, tmp_path, monkeypatch, make_picture):
    opened = []

    def open_file(path, mode):
        opened.append((path, mode))
        return FakeFile(tensors)

    fake = SimpleNamespace(File=open_file, Dataset=FakeDataset)
    monkeypatch.setitem(sys.modules, "h5py", fake)
    path = tmp_path / f"{WEIGHTS}.hdf5"
    sample = sample_of(make_picture(60, 50))
    assert Nima(path)(sample) == Nima(file)(sample)
    assert opened == [(path, "r")]


def test_without_h5py_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        ConfigError, match=r"0\.07\.hdf5 needs h5py: pip install 'sidelight\[evaluate\]'"
    ):
        Nima(tmp_path / f"{WEIGHTS}.hdf5")


def test_the_file_is_found_below_assets_or_by_its_own_variable(file, monkeypatch, make_picture):
    sample = sample_of(make_picture(30, 30))
    score = Nima(file)(sample)
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setenv(FILE.variable, str(file))
    assert Nima()(sample) == score

    monkeypatch.delenv(FILE.variable)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(file.parent))
    with pytest.raises(CheckpointError, match=rf"{WEIGHTS}.*https://github\.com/idealo.*NIMA"):
        Nima()
    (file.parent / "weights").mkdir()
    file.rename(file.parent / "weights" / file.name)
    assert Nima()(sample) == score


def test_other_tensors_are_refused(tensors, tmp_path):
    path = tmp_path / "x.safetensors"
    held = {name: torch.from_numpy(value) for name, value in tensors.items()}
    for wrong in (
        {"x": torch.zeros(1)},
        {"conv1/strange:0": torch.zeros(1)},
        held | {"dense_1/bias:0": torch.zeros(9)},
        {name: value for name, value in held.items() if name != "conv_dw_7_bn/beta:0"},
    ):
        save_file(wrong, path)
        with pytest.raises(CheckpointError, match=rf"x.* holds {len(wrong)} tensors that are not"):
            Nima(path)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"x\.safetensors cannot be read .* get https://"):
        Nima(path)
