"""The captioned test pictures, read from the folder that SIDELIGHT_ASSETS names."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sidelight.assets import find_asset

DATASETS = ("kodak", "coco-test")


class CaptionedPicture(NamedTuple):
    """One picture file with the captions of the data set."""

    path: Path
    captions: list[str]
    next_captions: list[str]
    """Those of the next picture: fluent, and wrong here."""

    @property
    def caption(self) -> str:
        """The first of its captions."""
        return self.captions[0]

    @property
    def next_caption(self) -> str:
        """The first caption of the next picture."""
        return self.next_captions[0]


def load_dataset(name: str) -> list[CaptionedPicture]:
    """Returns the pictures in the order of their names."""
    captions_path = find_asset(f"data/{name}/captions.json")
    captions = json.loads(captions_path.read_text("utf-8"))
    names = sorted(captions)
    return [
        CaptionedPicture(captions_path.parent / here, captions[here], captions[after])
        for here, after in zip(names, names[1:] + names[:1], strict=True)
    ]


def manifest(pictures: Sequence[CaptionedPicture]) -> dict[str, str]:
    """Returns the SHA-256 of each file by its name."""
    return {p.path.name: hashlib.sha256(p.path.read_bytes()).hexdigest() for p in pictures}
