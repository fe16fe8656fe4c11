"""A real evaluation that is killed in the middle goes on where it was."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image
from tests.e2e.conftest import COMMAND, ENVIRONMENT

NUM_PICTURES, SIDE_PX = 16, 192
SETTINGS = {"jpeg": (10, 30, 50, 70), "webp": (10, 30, 50, 70)}
NUM_ROWS = NUM_PICTURES * sum(map(len, SETTINGS.values()))
FEWEST_BEFORE_THE_KILL = 5


@pytest.fixture
def pictures(tmp_path, make_picture) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k in range(NUM_PICTURES):
        Image.fromarray(make_picture(SIDE_PX, SIDE_PX, k)).save(folder / f"{k:02}.png")
    captions = {f"{k:02}.png": [f"Waves number {k}."] for k in range(NUM_PICTURES)}
    (folder / "captions.json").write_text(json.dumps(captions))
    return folder


def start(pictures: Path, out: Path) -> "subprocess.Popen[bytes]":
    codecs = [f"{name}:{','.join(map(str, values))}" for name, values in SETTINGS.items()]
    options = [part for codec in codecs for part in ("--codec", codec)]
    command = [COMMAND, "evaluate", pictures, out, *options, "--metrics", "psnr"]
    return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE)


def lines_of(out: Path) -> list[bytes]:
    path = out / "pictures.jsonl"
    return path.read_bytes().splitlines(keepends=True) if path.exists() else []


def key(line: bytes) -> tuple[str, ...]:
    row = json.loads(line)
    return row["codec"], row["setting"], row["captions"], row["image"]


def files_of(out: Path) -> dict[tuple[str, ...], int]:
    """When each coded file was written, by codec, setting and picture."""
    paths = (out / "files").glob("*/*/*.png")
    return {path.relative_to(out / "files").parts: path.stat().st_mtime_ns for path in paths}


def test_a_killed_run_measures_no_picture_twice(pictures, tmp_path):
    out = tmp_path / "out"
    process = start(pictures, out)
    while len(lines_of(out)) < FEWEST_BEFORE_THE_KILL:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.002)
    process.kill()
    process.communicate()
    *kept, last = lines_of(out)
    assert FEWEST_BEFORE_THE_KILL <= len(kept) + 1 < NUM_ROWS
    (out / "pictures.jsonl").write_bytes(b"".join(kept) + last[: len(last) // 2])
    before = files_of(out)

    process = start(pictures, out)
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr
    lines = lines_of(out)
    assert lines[: len(kept)] == kept
    keys = [key(line) for line in lines]
    assert len(set(keys)) == len(keys) == NUM_ROWS
    # what was measured was not coded again either; the torn picture was
    after = files_of(out)
    named = [(codec, setting, image) for codec, setting, _, image in keys]
    assert [after[name] for name in named[: len(kept)]] == [
        before[name] for name in named[: len(kept)]
    ]
    codec, setting, _, image = key(last)
    assert after[codec, setting, image] > before[codec, setting, image]
    points = json.loads((out / "summary.json").read_text())["points"]
    assert len(points) == NUM_ROWS // NUM_PICTURES
    assert {point["num_pictures"] for point in points} == {NUM_PICTURES}
    assert (out / "report.html").exists()
