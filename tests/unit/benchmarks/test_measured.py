import sys

import numpy as np
import pytest
from benchmarks.measured import run_measured

MIB = 2**20


def test_peak_is_that_of_the_command():
    command = [sys.executable, "-c", f"b = bytearray({200 * MIB})"]
    measured = run_measured(command)
    assert 200 * MIB < measured.peak_bytes < 260 * MIB
    assert measured.wall_s > 0


def test_memory_of_this_process_is_not_counted():
    ballast = np.ones(300 * MIB, np.uint8)
    assert run_measured([sys.executable, "-c", ""]).peak_bytes < 100 * MIB
    assert ballast[-1] == 1


def test_failure_is_told_with_its_last_line():
    command = [sys.executable, "-c", "import sys; sys.exit('disk on fire')"]
    with pytest.raises(RuntimeError, match="disk on fire"):
        run_measured(command)
