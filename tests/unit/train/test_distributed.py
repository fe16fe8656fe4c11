"""Two processes with half of a batch each do what one does with the whole of it."""

import io
import json
import os
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import torch
from PIL import Image

ROOT = Path(__file__).parents[3]
STEPS = 5


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> tuple[dict, dict]:
    folder = tmp_path_factory.mktemp("distributed")
    return tuple(
        run(folder / f"{count}.pt", count, STEPS, folder / f"{count}-state.pt") for count in (1, 2)
    )


def run(target: Path, count: int, stop: int, state: Path) -> dict:
    in_processes(count, "distributed_worker", target, stop, state)
    return torch.load(target, weights_only=True)


def in_processes(count: int, worker: str, *arguments: object) -> list[str]:
    """Returns what each process of a run printed."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
    shared |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    command = [sys.executable, "-m", f"tests.unit.train.{worker}", *map(str, arguments)]
    processes = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]
    printed = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * count
    return printed


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


@pytest.fixture
def shard(tmp_path, make_picture) -> Path:
    """Three pictures, the second of which is cut."""
    with tarfile.open(tmp_path / "a.tar", "w") as shard:
        for k in range(3):
            stream = io.BytesIO()
            Image.fromarray(make_picture(64 + k, 50)).save(stream, "JPEG")
            picture = stream.getvalue()
            if k == 1:
                picture = picture[: len(picture) // 2]
            for name, content in ((f"{k}.jpg", picture), (f"{k}.txt", b"One.")):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                shard.addfile(member, io.BytesIO(content))
    return tmp_path / "a.tar"


def test_processes_of_a_machine_hold_pictures_once(shard):
    (alone,) = (json.loads(line) for line in in_processes(1, "holding_worker", shard, "skip"))
    assert sorted(alone["sums"]) == ["a/0", "a/2"]
    assert alone["decodings"] == 3
    first, second = (json.loads(line) for line in in_processes(2, "holding_worker", shard, "skip"))
    assert first == alone
    assert second == {"sums": alone["sums"], "decodings": 0}


def test_all_processes_refuse_broken_pictures_that_one_has_seen(shard):
    for printed in in_processes(2, "holding_worker", shard, "refuse"):
        assert "1 of 3 pictures cannot be trained on: a/1" in json.loads(printed)["error"]
