"""Networks written as graphs: they keep no weights, and name those of the model's file."""

import numpy as np
import torch
from torch import nn
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.nn.graphs import Input, side, write_graph
from sidelight.runtime.graph import Graph


class Brightened(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model(pixels.float() / 255)


def test_a_graph_runs_with_weights_from_elsewhere_at_any_size():
    torch.manual_seed(0)
    network = Brightened().eval()
    network.model[1].running_mean.normal_()
    axes = {0: side("b", 1), 2: side("h", 4), 3: side("w", 4)}
    example = Input(torch.zeros(2, 3, 8, 12, dtype=torch.uint8), axes)
    called = {"0.weight": "first.weight"}
    written = write_graph(network, {"pixels": example}, ["y"], inside="model", called=called)
    state = network.model.state_dict()
    del state["1.num_batches_tracked"]
    weights = {called.get(name, name): value.numpy() for name, value in state.items()}
    assert written.weights == tuple(sorted(weights))
    assert state["0.weight"].numpy().tobytes() not in written.graph
    assert len(written.graph) < 10_000
    graph = Graph(written.tensor().tobytes(), weights)
    for size in ((1, 3, 4, 4), (3, 3, 20, 8)):
        pixels = np.random.default_rng(0).integers(0, 256, size, np.uint8)
        with torch.no_grad():
            expected = network(torch.from_numpy(pixels)).numpy()
        (found,) = graph(["y"], pixels=pixels)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    twice = {**weights, "0.bias": weights["0.bias"] + 1}
    (other,) = Graph(written.graph, twice)(None, pixels=pixels)
    assert np.abs(other - found).max() > 0.1


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("sidelight.nn.graphs._PACKAGES", ("no_such_package",))
    done = CliRunner().invoke(app, ["export", str(tmp_path), str(tmp_path / "x.safetensors")])
    assert done.exit_code == 1
    assert "pip install 'sidelight[export]', or give --no-graphs" in done.output
    assert not (tmp_path / "x.safetensors").exists()
