"""Many pictures by the installed command in several processes, which are killed in the middle."""

import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from PIL import Image

COMMAND = Path(sys.executable).with_name("sidelight")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONWARNINGS"}


@pytest.fixture
def many(tmp_path) -> Path:
    """40 different pictures and one that is none, in a folder of which it returns the parent."""
    (tmp_path / "many").mkdir()
    gradient = Image.linear_gradient("L").resize((160, 120))
    for k in range(40):
        gradient.rotate(9 * k).convert("RGB").save(tmp_path / "many" / f"{k:02}.jpg")
    (tmp_path / "many" / "broken.jpg").write_bytes(b"junk")
    return tmp_path


def start(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(folder: Path, *arguments: str) -> tuple[int, str]:
    process = start(folder, *arguments)
    _, stderr = process.communicate()
    assert b"Traceback" not in stderr, stderr.decode()
    return process.returncode, stderr.decode()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def workers_of(pid: int) -> list[int]:
    """Returns the processes that serve jobs; multiprocessing's own tracker is none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def wait_for(process: "subprocess.Popen[bytes]", folder: Path, count: int) -> None:
    while not folder.is_dir() or len(list(folder.glob("*.avif"))) < count:
        assert process.poll() is None
        time.sleep(0.01)


def all_gone(pids: list[int], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_any_number_of_processes_writes_the_same_bytes(many):
    found = {}
    for number in "12":
        code, said = finish(many, "encode", "many", f"out{number}", "-j", number)
        assert code == 1
        assert "40 of 41" not in said
        assert "1 of 41 files failed:\n  many/broken.jpg: not a picture" in said
        found[number] = contents(many / f"out{number}")
    assert len(found["1"]) == 40
    assert found["1"] == found["2"]


def test_killed_and_started_again_it_loses_and_doubles_nothing(many):
    command = ("encode", "many", "out", "-j", "2", "--manifest", "out/rows.jsonl")
    process = start(many, *command)
    wait_for(process, many / "out", 5)
    workers = workers_of(process.pid)
    process.kill()
    process.communicate()
    assert len(workers) == 2
    assert all_gone(workers)
    rows = (many / "out" / "rows.jsonl").read_text().splitlines()
    done = [json.loads(row)["target"] for row in rows if json.loads(row)["error"] is None]
    assert 0 < len(done) < 40
    assert all((many / target).stat().st_size > 0 for target in done)
    times = {target: (many / target).stat().st_mtime_ns for target in done}

    code, said = finish(many, *command)
    assert code == 1
    assert f"{len(done)} of 41 files were there already" in said
    assert {target: (many / target).stat().st_mtime_ns for target in done} == times
    rows = (many / "out" / "rows.jsonl").read_text().splitlines()
    good = [json.loads(row) for row in rows if json.loads(row)["error"] is None]
    assert sorted(row["target"] for row in good) == [f"out/{k:02}.avif" for k in range(40)]
    assert finish(many, "encode", "many", "plain", "-j", "1")[0] == 1
    written = contents(many / "out")
    del written["rows.jsonl"]
    assert written == contents(many / "plain")


def test_a_worker_that_is_killed_costs_nothing(many):
    process = start(many, "encode", "many", "out", "-j", "2")
    wait_for(process, many / "out", 3)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert b"1 of 41 files failed:" in stderr
    assert len(contents(many / "out")) == 40


def test_interrupted_it_stops_its_workers_and_leaves_whole_files(many):
    process = subprocess.Popen(
        [COMMAND, "encode", "many", "out", "-j", "2", "--effort", "7"],
        cwd=many,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for(process, many / "out", 3)
    workers = workers_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.decode().splitlines()[-1] == "sidelight: interrupted"
    assert b"Traceback" not in stderr
    assert all_gone(workers, 1)
    written = list((many / "out").iterdir())
    assert 0 < len(written) < 40
    for path in written:
        with Image.open(path) as picture:
            picture.load()


def test_a_run_over_shards_that_was_killed_goes_on_with_whole_shards(many):
    for number in range(4):
        with tarfile.open(many / f"{number}.tar", "w") as shard:
            for path in sorted((many / "many").glob(f"{number}*.jpg")):
                shard.add(path, path.name)
    command = ("encode", "*.tar", "out", "-j", "2", "--manifest", "rows.jsonl")
    process = start(many, *command)
    manifest = many / "rows.jsonl"
    while not manifest.exists() or b'"pictures"' not in manifest.read_bytes():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    first = (many / "out" / "0.tar").stat().st_mtime_ns
    code, said = finish(many, *command)
    assert code == 0
    assert "shards were there already" in said
    assert (many / "out" / "0.tar").stat().st_mtime_ns == first
    assert finish(many, "encode", "*.tar", "plain", "-j", "1")[0] == 0
    assert contents(many / "out") == contents(many / "plain")
    rows = [json.loads(row) for row in manifest.read_text().splitlines()]
    names = [f"{row['shard']}/{row['name']}" for row in rows if "shard" in row]
    assert sorted(names) == [f"{k // 10}.tar/{k:02}" for k in range(40)]


@pytest.mark.parametrize("option", [[], ["--manifest", "out/rows.jsonl"]])
def test_on_a_disk_that_takes_no_more_nothing_is_half_written(many, option):
    def take_little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = subprocess.run(
        [COMMAND, "encode", "many", "out", "-j", "2", *option],
        cwd=many,
        env=ENVIRONMENT,
        capture_output=True,
        preexec_fn=take_little,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"File too large" in done.stderr
    left = {path.name: path.stat().st_size for path in (many / "out").iterdir()}
    assert left == ({"rows.jsonl": 0} if option else {})
