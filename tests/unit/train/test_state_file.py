"""States of runs: whole or not at all, and never torch's advice to run what a file holds."""

import io
import resource
import zipfile
from fractions import Fraction

import pytest
import torch

from sidelight.errors import CheckpointError, TrainingError
from sidelight.train.state_file import STATE_FILE, read_state, save_state


@pytest.fixture
def limit_file_size():
    """Plays a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


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


def test_a_disk_that_is_full_leaves_the_state_before(tmp_path, limit_file_size):
    save_state(tmp_path / STATE_FILE, {"step": 1})
    limit_file_size(20_000)
    with pytest.raises(TrainingError, match="the state before it is kept: make room"):
        save_state(tmp_path / STATE_FILE, {"step": 2, "ema": torch.ones(50_000)})
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]
    assert read_state(tmp_path / STATE_FILE, ["step"])["step"] == 1


def test_a_first_state_that_cannot_be_written_leaves_nothing(tmp_path, limit_file_size):
    limit_file_size(20_000)
    with pytest.raises(TrainingError, match="nothing is kept"):
        save_state(tmp_path / STATE_FILE, {"ema": torch.ones(50_000)})
    assert not list(tmp_path.iterdir())
