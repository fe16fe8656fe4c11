import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
import numpy as np
from sidelight.evaluate.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
np.ones(1 << 23)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    np.ones(1 << 23)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _page_faults(mode):
    done = subprocess.run([sys.executable, "-c", _FAULTS, mode], capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks to glibc alone")
def test_memory_that_was_freed_is_used_again_without_a_page_fault():
    assert _page_faults("keep") < 100
    assert _page_faults("leave") > 100
