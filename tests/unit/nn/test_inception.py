"""Inception-v3 against its published layout, a second way of computing it, TensorFlow's rules."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from sidelight.nn.inception import Inception, resized

LAYERS = [
    line.split()
    for line in Path(__file__).with_name("inception_layers.txt").read_text().splitlines()
]
"""Name, outputs, inputs, kernel height and width of each convolution in the published file."""


def published_state() -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    state = {"fc.weight": torch.randn(1008, 2048) / 45, "fc.bias": torch.randn(1008)}
    for name, *numbers in LAYERS:
        outputs, inputs, height, width = map(int, numbers)
        shape = (outputs, inputs, height, width)
        state[f"{name}.conv.weight"] = torch.randn(shape) * (2 / (inputs * height * width)) ** 0.5
        state[f"{name}.bn.weight"] = torch.rand(outputs) + 0.5
        state[f"{name}.bn.bias"] = torch.randn(outputs) / 4
        state[f"{name}.bn.running_mean"] = torch.randn(outputs) / 4
        state[f"{name}.bn.running_var"] = torch.rand(outputs) + 0.5
    return state


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return published_state()


@pytest.fixture(scope="module")
def network(state) -> Inception:
    network = Inception()
    network.load_state_dict(state)
    return network.eval()


class Reference:
    """The same network, written with the padding of each layer instead of rules and tables."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        self.state = state

    def conv(self, x, name, stride=1, pad=(0, 0)):
        state = self.state
        x = F.conv2d(x, state[f"{name}.conv.weight"], None, stride, pad)
        statistics = (state[f"{name}.bn.running_mean"], state[f"{name}.bn.running_var"])
        affine = (state[f"{name}.bn.weight"], state[f"{name}.bn.bias"])
        return F.batch_norm(x, *statistics, *affine, eps=1e-3).relu()

    def features(self, x):
        x = self.conv(x, "Conv2d_1a_3x3", 2)
        x = self.conv(x, "Conv2d_2a_3x3")
        x = F.max_pool2d(self.conv(x, "Conv2d_2b_3x3", 1, 1), 3, 2)
        x = self.conv(x, "Conv2d_3b_1x1")
        x = F.max_pool2d(self.conv(x, "Conv2d_4a_3x3"), 3, 2)
        assert x.shape[1:] == (192, 35, 35)
        for letter in "bcd":
            x = self.block_5(x, f"Mixed_5{letter}.")
        assert x.shape[1:] == (288, 35, 35)
        small = self.conv(self.conv(x, "Mixed_6a.branch3x3dbl_1"), "Mixed_6a.branch3x3dbl_2", 1, 1)
        small = self.conv(small, "Mixed_6a.branch3x3dbl_3", 2)
        x = torch.cat([self.conv(x, "Mixed_6a.branch3x3", 2), small, F.max_pool2d(x, 3, 2)], 1)
        for letter in "bcde":
            x = self.block_6(x, f"Mixed_6{letter}.")
        assert x.shape[1:] == (768, 17, 17)
        one = self.conv(self.conv(x, "Mixed_7a.branch3x3_1"), "Mixed_7a.branch3x3_2", 2)
        two = self.conv(self.conv(x, "Mixed_7a.branch7x7x3_1"), "Mixed_7a.branch7x7x3_2", 1, (0, 3))
        two = self.conv(two, "Mixed_7a.branch7x7x3_3", 1, (3, 0))
        two = self.conv(two, "Mixed_7a.branch7x7x3_4", 2)
        x = torch.cat([one, two, F.max_pool2d(x, 3, 2)], 1)
        assert x.shape[1:] == (1280, 8, 8)
        x = self.block_7(x, "Mixed_7b.", average(x))
        x = self.block_7(x, "Mixed_7c.", F.max_pool2d(x, 3, 1, 1))
        return x.mean((2, 3))

    def block_5(self, x, at):
        five = self.conv(self.conv(x, at + "branch5x5_1"), at + "branch5x5_2", 1, 2)
        three = self.conv(self.conv(x, at + "branch3x3dbl_1"), at + "branch3x3dbl_2", 1, 1)
        three = self.conv(three, at + "branch3x3dbl_3", 1, 1)
        pooled = self.conv(average(x), at + "branch_pool")
        return torch.cat([self.conv(x, at + "branch1x1"), five, three, pooled], 1)

    def block_6(self, x, at):
        one = self.conv(self.conv(x, at + "branch7x7_1"), at + "branch7x7_2", 1, (0, 3))
        one = self.conv(one, at + "branch7x7_3", 1, (3, 0))
        two = self.conv(self.conv(x, at + "branch7x7dbl_1"), at + "branch7x7dbl_2", 1, (3, 0))
        two = self.conv(two, at + "branch7x7dbl_3", 1, (0, 3))
        two = self.conv(two, at + "branch7x7dbl_4", 1, (3, 0))
        two = self.conv(two, at + "branch7x7dbl_5", 1, (0, 3))
        pooled = self.conv(average(x), at + "branch_pool")
        return torch.cat([self.conv(x, at + "branch1x1"), one, two, pooled], 1)

    def block_7(self, x, at, pooled):
        one = self.conv(x, at + "branch3x3_1")
        two = self.conv(self.conv(x, at + "branch3x3dbl_1"), at + "branch3x3dbl_2", 1, 1)
        forks = [
            self.conv(one, at + "branch3x3_2a", 1, (0, 1)),
            self.conv(one, at + "branch3x3_2b", 1, (1, 0)),
            self.conv(two, at + "branch3x3dbl_3a", 1, (0, 1)),
            self.conv(two, at + "branch3x3dbl_3b", 1, (1, 0)),
        ]
        pooled = self.conv(pooled, at + "branch_pool")
        return torch.cat([self.conv(x, at + "branch1x1"), *forks, pooled], 1)


def average(x):
    """The mean of those of the 3x3 neighbours that exist."""
    return F.avg_pool2d(x, 3, 1, 1) / F.avg_pool2d(torch.ones_like(x), 3, 1, 1)


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
