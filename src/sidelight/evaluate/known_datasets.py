"""The paper's test sets: what a folder must hold to be one of them (choice C22)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sidelight.errors import ConfigError
from sidelight.evaluate.dataset import CAPTIONS_FILE, load_dataset, sha256_of

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class KnownDataset:
    """A public test set. Where no digests are recorded, names and pixels cannot be checked."""

    title: str
    origin: str
    num_pictures: int
    captions_per_picture: int
    sha256: Mapping[str, str]

    def problems(self, folder: Path) -> list[str]:
        """Returns what is wrong with a folder, one line for each kind of fault; empty if nothing.

        Raises:
            ConfigError: There are no pictures in it.
            TextError: Its captions.json cannot be read.
        """
        if not folder.is_dir():
            raise ConfigError(f"{folder} is no folder: get the pictures from {self.origin}")
        found = {picture.name: picture for picture in load_dataset(str(folder)).pictures}
        problems = []
        if len(found) != self.num_pictures:
            problems.append(f"{len(found)} pictures, expected {self.num_pictures}")
        for label, names in (
            ("missing", [name for name in self.sha256 if name not in found]),
            ("not of this set", [n for n in found if self.sha256 and n not in self.sha256]),
            (
                "other bytes than recorded",
                [
                    name
                    for name, picture in found.items()
                    if name in self.sha256 and sha256_of(picture.path) != self.sha256[name]
                ],
            ),
            (
                f"fewer than {self.captions_per_picture} captions in {CAPTIONS_FILE}",
                [n for n, p in found.items() if len(p.captions) < self.captions_per_picture],
            ),
        ):
            if names:
                more = ", ..." if len(names) > _SHOWN else ""
                problems.append(f"{label}: {len(names)} ({', '.join(names[:_SHOWN])}{more})")
        return problems


def known_datasets() -> dict[str, KnownDataset]:
    """Returns every known set by its name."""
    folder = resources.files("sidelight.evaluate") / "manifests"
    return {
        file.name.removesuffix(".json"): KnownDataset(**json.loads(file.read_text("utf-8")))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json")
    }


def find_known(name: str) -> KnownDataset:
    """Returns one of them.

    Raises:
        ConfigError: There is none of this name.
    """
    known = known_datasets()
    if name not in known:
        raise ConfigError(f"no data set {name!r}, known are {', '.join(known)}")
    return known[name]
