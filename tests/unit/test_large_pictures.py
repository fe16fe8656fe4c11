"""No step on a large picture's way copies it once more than it must (docs/large-pictures.md)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.memory_growth import CASES

_ROOT = Path(__file__).parents[2]
MOST = {
    # what is kept, Pillow's four bytes a pixel or the decoder's, and about one for strips
    "read png": 3 + 4 + 1.5,
    "read png with alpha": 4 + 4 + 2.5,
    "read turned png": 0.5 * (3 + 4) + 1.8,
    "read tiff": 3 + 4 + 1.5,
    "read webp": 8 + 4 + 0.9,
    "write png": 4 + 0.9,
    "write tiff": 4 + 0.9,
    "fill transparent": 3 + 6.5,
    "run in tiles": 3 + 0.6,
    # per symbol: what is gathered, what comes back, and a part's own
    "push symbols": 4 + 5,
    "pull symbols": 4 + 4 + 3,
    "round": 4 + 3,
    "dequantise": 4 + 1,
}
"""Bytes per pixel; a copy that came back would be three or four more."""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells the peak")
@pytest.mark.parametrize("case", CASES)
def test_memory_grows_by_what_is_needed(case):
    paths = os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])
    # so that what is freed is given back, and not found again by what is measured
    alone = {"MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.memory_growth", case],
        env=os.environ | alone,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) <= MOST[case]
