"""The captioned test pictures, read from the folder that SIDELIGHT_ASSETS names."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sidelight.evaluate import dataset

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
    pictures = dataset.load_dataset(name).pictures
    return [
        CaptionedPicture(here.path, list(here.captions), list(after.captions))
        for here, after in zip(pictures, pictures[1:] + pictures[:1], strict=True)
    ]


def manifest(pictures: Sequence[CaptionedPicture]) -> dict[str, str]:
    """Returns the SHA-256 of each file by its name."""
    return {p.path.name: dataset.sha256_of(p.path) for p in pictures}
