"""Two processes with half of a batch each do what one does with the whole of it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[3]
STEPS = 5


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> tuple[dict, dict]:
    folder = tmp_path_factory.mktemp("distributed")
    return tuple(
        run(folder / f"{count}.pt", count, STEPS, folder / f"{count}-state.pt") for count in (1, 2)
    )


def run(target: Path, count: int, stop: int, state: Path) -> dict:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(port), "WORLD_SIZE": str(count)}
    worker = "tests.unit.train.distributed_worker"
    command = [sys.executable, "-m", worker, str(target), str(stop), str(state)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ | shared | {"RANK": str(rank)})
        for rank in range(count)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0] * count
    return torch.load(target, weights_only=True)


def test_the_losses_are_those_of_one_process(results):
    alone, shared = results
    torch.testing.assert_close(shared["losses"], alone["losses"], rtol=2e-3, atol=1e-4)
    assert alone["losses"].isfinite().all()
    assert (alone["losses"][0] - alone["losses"][-1]).abs().max() > 0.01


def test_the_weights_go_the_same_way(results):
    check_weights(*results)


def check_weights(alone: dict, other: dict) -> None:
    moved = apart = 0.0
    for name, start in alone["start"].items():
        assert torch.equal(other["start"][name], start)
        moved += (alone["end"][name] - start).square().sum()
        apart += (alone["end"][name] - other["end"][name]).square().sum()
    assert apart < 1e-3 * moved  # Adam enlarges what is but rounding


def test_norms_and_lambdas_have_seen_the_whole_batch(results):
    alone, shared = results
    assert alone["running_mean"].abs().max() > 0
    torch.testing.assert_close(shared["running_mean"], alone["running_mean"], rtol=0, atol=1e-3)
    torch.testing.assert_close(shared["lmbda"], alone["lmbda"], rtol=0, atol=1e-5)


def test_all_processes_stop_when_one_is_asked_to(results):
    assert [result["stops"].tolist() for result in results] == [[True, False], [True, False]]


def test_a_run_begun_by_two_processes_goes_on_by_one(results, tmp_path):
    alone, state = results[0], tmp_path / "state.pt"
    first = run(tmp_path / "first.pt", 2, 3, state)
    second = run(tmp_path / "second.pt", 1, STEPS, state)
    assert (len(first["losses"]), len(second["losses"])) == (3, 2)
    losses = torch.cat([first["losses"], second["losses"]])
    torch.testing.assert_close(losses, alone["losses"], rtol=2e-3, atol=1e-4)
    check_weights(alone, second)
    torch.testing.assert_close(second["lmbda"], alone["lmbda"], rtol=0, atol=1e-5)
    torch.testing.assert_close(second["running_mean"], alone["running_mean"], rtol=0, atol=1e-3)
