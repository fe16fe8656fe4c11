"""Inception-v3 against its published layout, a second way of computing it, TensorFlow's rules."""

import pytest
import torch
from benchmarks.metrics.references.inception import Reference, published_state
from torch.nn import functional as F

from sidelight.metrics.networks.inception import Inception, resized


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return published_state()


@pytest.fixture(scope="module")
def network(state) -> Inception:
    network = Inception()
    network.load_state_dict(state)
    return network.eval()


def test_the_layers_are_those_of_the_published_file(state):
    own = {
        name: value.shape
        for name, value in Inception().state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert own == {name: value.shape for name, value in state.items()}
    # torchvision states 27 161 264 with its auxiliary head (3 326 696) and 1000 classes
    assert sum(p.numel() for p in Inception().parameters()) == 27_161_264 - 3_326_696 + 8 * 2049


@torch.no_grad()
def test_features_and_logits_are_those_of_the_second_way(network, state):
    x = 255 * torch.rand(1, 3, 299, 299)
    features = network(x)
    expected = Reference(state).features((x - 128) / 128)
    torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-5)
    assert features.std() > 0.01
    torch.testing.assert_close(network.logits(features), F.linear(features, state["fc.weight"]))


def test_the_resize_reads_from_the_upper_left():
    # 299 output pixels over 598: every second one, untouched by its neighbour
    x = torch.arange(598.0)[None, None, None].expand(1, 1, 598, 598)
    out = resized(x)
    assert torch.equal(out[0, 0, 7], torch.arange(0, 598.0, 2))
    # over 2: position k * 2 / 299; past the last pixel its value stays
    out = resized(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]))
    expected = (torch.arange(299) * 2 / 299).clamp_max(1)
    torch.testing.assert_close(out[0, 0, 150], expected)


def test_the_resize_keeps_axes_apart():
    x = torch.rand(1, 3, 256, 77)
    rows = torch.arange(299) * (256 / 299)
    columns = torch.arange(299) * (77 / 299)
    k, m = 201, 31
    top, left = int(rows[k]), int(columns[m])
    down, right = rows[k] - top, columns[m] - left
    corners = x[0, :, top : top + 2, left : left + 2]
    upper, lower = (1 - right) * corners[..., 0].T + right * corners[..., 1].T
    torch.testing.assert_close(resized(x)[0, :, k, m], (1 - down) * upper + down * lower)
