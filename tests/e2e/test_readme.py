"""The commands that README.md shows work as they stand there."""

import re
import shlex
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def shown_commands() -> list[str]:
    blocks = re.findall(r"^```console\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    commands = [line.removeprefix("$ ") for line in lines]
    return [command for command in commands if command.startswith("sidelight ")]


def test_the_commands_of_the_readme_run_with_the_shipped_model(folder, run):
    commands = shown_commands()
    assert commands
    for command in commands:
        done = run(*shlex.split(command, comments=True)[1:], model=None)
        assert done.returncode == 0, (command, done.stderr)
