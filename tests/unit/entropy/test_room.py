import subprocess
import sys
from pathlib import Path

import sidelight.entropy

FOLDER = Path(sidelight.entropy.__file__).parent
MODULES = [f"sidelight.entropy.{path.stem}" for path in FOLDER.glob("*.py")]


def test_the_room_loads_numpy_and_constriction_only():
    # what a port of the format has to bring, and no more
    before = "import sys, numpy, constriction; before = set(sys.modules)"
    imports = f"import {', '.join(sorted(MODULES))}"
    others = "{name.split('.')[0] for name in set(sys.modules) - before} - {'sidelight'}"
    code = f"{before}; {imports}; print(sorted({others} - set(sys.stdlib_module_names)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len(MODULES) > 5
