"""States of runs: whole or not at all, and never torch's advice to run what a file holds."""

import io
import subprocess
import sys
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from sidelight.errors import CheckpointError
from sidelight.train.state_file import STATE_FILE, read_state, save_state

SAVE_ON_A_FULL_DISK = f"""
import resource, sys
from pathlib import Path
import torch
from sidelight.errors import TrainingError
from sidelight.train.state_file import save_state
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, most))
try:
    save_state(Path(sys.argv[1]) / "{STATE_FILE}", {{"step": 2, "ema": torch.ones(50_000)}})
except TrainingError as error:
    print(error)
"""
"""Run elsewhere: the limit holds for every file of a process, the report of these tests too."""


def told_on_a_full_disk(folder: Path) -> str:
    script = [sys.executable, "-c", SAVE_ON_A_FULL_DISK, str(folder)]
    return subprocess.run(script, capture_output=True, text=True, check=True).stdout


def saved(value: object) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


WHOLE = saved({"step": 3, "ema": {"a": torch.arange(500.0)}})


def with_a_flipped_bit() -> bytes:
    data = bytearray(WHOLE)
    data[data.index(torch.arange(500.0).numpy().tobytes()[400:420])] ^= 1
    return bytes(data)


def zipped(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(name, b"cos\nsystem\n")
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x02.",
        WHOLE[: len(WHOLE) // 2],
        with_a_flipped_bit(),
        zipped("archive/data.pkl"),
        zipped("other"),
        saved([1, 2]),
        saved({"ema": {}, "step": Fraction(1)}),
        saved({"ema": {}}),
    ],
)
def test_what_is_no_state_is_one_clear_error(tmp_path, data):
    (tmp_path / STATE_FILE).write_bytes(data)
    with pytest.raises(CheckpointError, match=r"state\.pt is no state of a run") as told:
        read_state(tmp_path / STATE_FILE, ["step", "ema"])
    assert "weights_only" not in str(told.value)


def test_a_disk_that_is_full_leaves_the_state_before(tmp_path):
    save_state(tmp_path / STATE_FILE, {"step": 1})
    assert "the state before it is kept: make room" in told_on_a_full_disk(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]
    assert read_state(tmp_path / STATE_FILE, ["step"])["step"] == 1


def test_a_first_state_that_cannot_be_written_leaves_nothing(tmp_path):
    assert "nothing is kept" in told_on_a_full_disk(tmp_path)
    assert not list(tmp_path.iterdir())
