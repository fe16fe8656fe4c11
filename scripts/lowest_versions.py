"""Prints the dependencies at the lowest versions that pyproject.toml allows, for pip.

python scripts/lowest_versions.py [EXTRA ...]

torch is left out: benchmarks/determinism measures its versions, down to the lowest.
"""

import re
import sys
import tomllib
from pathlib import Path

_LOWEST = re.compile(r"(?P<name>[\w.-]+)\s*[>=]=\s*(?P<version>[\w.]+)")
_OWN = "sidelight["
_LEFT_OUT = frozenset({"torch"})


def lowest(requirements: list[str]) -> list[str]:
    """Returns each requirement pinned to its lower bound.

    Raises:
        SystemExit: One has none, so nobody knows with what it works.
    """
    pinned = []
    for requirement in requirements:
        if requirement.startswith(_OWN):
            continue  # another extra, which whoever wants it names too
        found = _LOWEST.match(requirement)
        if found is None:
            raise SystemExit(f"{requirement}: no lower bound, expected NAME>=VERSION")
        if found["name"] not in _LEFT_OUT:
            pinned.append(f"{found['name']}=={found['version']}")
    return pinned


def main() -> None:
    """Reads the project's own pyproject.toml."""
    path = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(path.read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(r for name in sys.argv[1:] for r in extras[name])]
    sys.stdout.write("\n".join(lowest(wanted)) + "\n")


if __name__ == "__main__":
    main()
