"""Many pictures through a Ray cluster, whose machines and whose driver are killed in the middle."""

import io
import json
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from .test_bulk import contents, finish, start

COUNT = 12
SLOW = ("--effort", "9", "--quality", "9")
"""Some tenths of a second for each picture."""


class Cluster:
    """Two worker nodes, in a process of their own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.address = self._heard()

    def tell(self, line: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(line + "\n")
        stdin.flush()
        self._heard()

    def _heard(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("ray_cluster.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield Cluster(process)
        process.communicate(timeout=120)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``many`` pictures and one that is none, and what one process makes of them."""
    folder = tmp_path_factory.mktemp("ray")
    (folder / "many").mkdir()
    gradient = Image.radial_gradient("L").resize((320, 240))
    for k in range(COUNT):
        gradient.rotate(9 * k).convert("RGB").save(folder / "many" / f"{k:02}.png")
    (folder / "many" / "broken.png").write_bytes(b"junk")
    code, said = finish(folder, "encode", "many", "alone", *SLOW, "-j", "1")
    assert code == 1, said
    assert len(contents(folder / "alone")) == COUNT
    return folder


def on(cluster: Cluster) -> tuple[str, ...]:
    return "--engine", "ray", "--address", cluster.address


def wait_until(reached, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 180
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def done(folder: Path) -> int:
    return sum(path.suffix == ".avif" for path in folder.iterdir()) if folder.exists() else 0


def test_a_killed_machine_loses_nothing_and_the_bytes_are_those_of_one_process(cluster, pictures):
    process = start(pictures, "encode", "many", "killed", *SLOW, *on(cluster))
    wait_until(lambda: done(pictures / "killed") >= 2, process)
    cluster.tell("kill")
    assert done(pictures / "killed") < COUNT, "killed too late to tell anything"
    _, said = process.communicate(timeout=300)
    cluster.tell("add")
    assert process.returncode == 1
    assert b"1 of 13 files failed" in said, said.decode()
    assert b"broken.png: not a picture" in said
    assert contents(pictures / "killed") == contents(pictures / "alone")


def test_a_killed_driver_is_followed_by_one_that_does_the_rest(cluster, pictures):
    arguments = ("encode", "many", "twice", *SLOW, *on(cluster), "--manifest", "rows.jsonl")
    process = start(pictures, *arguments)
    rows = pictures / "rows.jsonl"
    wait_until(lambda: rows.exists() and len(vouched(rows)) >= 2, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = vouched(rows)
    assert 0 < len(before) < COUNT, "killed too late to tell anything"
    code, said = finish(pictures, *arguments)
    assert code == 1, said
    assert f"{len(before)} of 13 files were there already" in said
    assert sorted(vouched(rows)) == sorted(f"twice/{k:02}.avif" for k in range(COUNT))
    assert contents(pictures / "twice") == contents(pictures / "alone")


def vouched(rows: Path) -> list[str]:
    parsed = [json.loads(line) for line in rows.read_bytes().split(b"\n")[:-1]]
    return [row["target"] for row in parsed if row["error"] is None]


def test_shards_and_decoding_give_the_bytes_of_one_process(cluster, pictures):
    for name in ("a", "b"):
        with tarfile.open(pictures / f"{name}.tar", "w") as shard:
            for k in range(2):
                data = (pictures / "many" / f"{k:02}.png").read_bytes()
                member = tarfile.TarInfo(f"{name}{k}.png")
                member.size = len(data)
                shard.addfile(member, io.BytesIO(data))
    for target, engine in (("ray", on(cluster)), ("here", ("-j", "1"))):
        code, said = finish(pictures, "encode", "*.tar", f"shards-{target}/", *engine)
        assert code == 0, said
        source = "alone/0[12].avif"
        code, said = finish(pictures, "decode", source, f"pictures-{target}/", *engine)
        assert code == 0, said
    assert sorted(contents(pictures / "shards-ray")) == ["a.tar", "b.tar"]
    assert contents(pictures / "shards-ray") == contents(pictures / "shards-here")
    assert sorted(contents(pictures / "pictures-ray")) == ["01.png", "02.png"]
    assert contents(pictures / "pictures-ray") == contents(pictures / "pictures-here")


def test_a_picture_that_kills_its_workers_is_told_and_the_rest_is_done(cluster):
    worker = Path(__file__).with_name("ray_killer.py")
    done = subprocess.run(
        [sys.executable, worker, cluster.address], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    error = told.pop("kill")
    assert "its worker was lost" in error
    assert told == {name: name.upper() for name in "abcd"}
    assert done.stderr == ""


def test_a_wrong_address_is_told_soon(pictures):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        port = closed.getsockname()[1]
        begin = time.monotonic()
        address = f"127.0.0.1:{port}"
        code, said = finish(
            pictures, "encode", "many", "no", "--engine", "ray", "--address", address
        )
    assert code == 1
    assert said.startswith(f"sidelight: error: no Ray cluster at {address}")
    assert time.monotonic() - begin < 60
    assert not (pictures / "no").exists()
