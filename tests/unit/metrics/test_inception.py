"""Inception as an extractor: where its weights are found and what its rows are."""

import numpy as np
import pytest
import torch

from sidelight.errors import CheckpointError, ImageError
from sidelight.metrics import inception
from sidelight.metrics.inception import load_features
from sidelight.metrics.networks.inception import FILE, Inception


@pytest.fixture(scope="module")
def network() -> Inception:
    torch.manual_seed(3)
    return Inception().requires_grad_(requires_grad=False).eval()


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.delenv("SIDELIGHT_INCEPTION", raising=False)
    (tmp_path / "weights").mkdir()
    yield tmp_path
    inception._features.cache_clear()
    inception._network.cache_clear()


def save(network, path):
    """As pytorch-fid's file is: older than the counter of batches."""
    state = network.state_dict()
    torch.save({k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}, path)


def test_rows_are_the_features_of_the_tiles(root, network, make_picture):
    save(network, root / "weights" / FILE.name)
    features = load_features("tiles")
    assert features.name == "inception_tiles"
    image = make_picture(384, 384)
    rows = features(image)
    assert rows.shape == (2, 2048)
    assert rows.dtype == np.float32
    tile = torch.from_numpy(image[128:, 128:].copy()).permute(2, 0, 1)[None].float()
    np.testing.assert_allclose(rows[1], network(tile)[0].numpy(), rtol=1e-4, atol=1e-6)
    logits = rows @ network.fc.weight.T.numpy()
    np.testing.assert_allclose(features.logits(rows), logits, rtol=1e-3, atol=1e-5)
    with pytest.raises(ImageError, match="no tile"):
        features(image[:200])


def test_the_whole_picture_is_one_row(root, network, make_picture):
    save(network, root / "weights" / FILE.name)
    assert load_features("whole")(make_picture(40, 300)).shape == (1, 2048)


def test_extractors_are_made_once(root, network, monkeypatch):
    save(network, root / "elsewhere.pth")
    monkeypatch.setenv("SIDELIGHT_INCEPTION", str(root / "elsewhere.pth"))
    assert load_features("tiles") is load_features("tiles")
    assert load_features("tiles") is not load_features("whole")
    assert load_features("tiles")._network is load_features("whole")._network


def test_without_weights_the_error_says_where_to_get_them(root):
    with pytest.raises(
        CheckpointError, match=r"SIDELIGHT_ASSETS .*mseitzer/pytorch-fid.*SIDELIGHT_INCEPTION"
    ):
        load_features("tiles")


def test_a_path_that_is_not_there_is_named(root, monkeypatch):
    monkeypatch.setenv("SIDELIGHT_INCEPTION", str(root / "missing.pth"))
    with pytest.raises(CheckpointError, match=r"cannot read .*missing\.pth"):
        load_features("tiles")


def test_another_networks_weights_are_refused(root):
    torch.save({"conv1.weight": torch.zeros(1)}, root / "weights" / FILE.name)
    with pytest.raises(CheckpointError, match=r"6726825d\.pth does not hold"):
        load_features("tiles")
