"""The commands that README.md and the quick start show work as they stand, one after another."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/quick-start.md")


def shown_commands(page: str) -> list[str]:
    blocks = re.findall(r"^```bash\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("sidelight ")]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_with_the_shipped_models(page, folder):
    (folder / "tree" / "deep" / "broken.png").unlink()
    with Image.open(ROOT / "examples" / "coffee.png") as photo:
        photo.convert("RGB").resize((240, 160)).save(folder / "photo.jpg")
    shutil.copytree(ROOT / "examples" / "article", folder, dirs_exist_ok=True)
    binaries = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
    }
    commands = shown_commands(page)
    assert len(commands) > 4
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, (command, done.stderr)
    assert not list(folder.rglob("*.partial"))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page, folder):
    text = (ROOT / page).read_text()
    programs = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert programs
    for program in programs:
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
