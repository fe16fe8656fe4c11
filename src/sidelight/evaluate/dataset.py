"""Captioned test pictures, and which caption the decoder gets of them."""

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from sidelight.assets import find_asset
from sidelight.captions.listing import CaptionListing
from sidelight.errors import ConfigError
from sidelight.pixels.files import read_picture
from sidelight.pixels.suffixes import is_named_as_picture
from sidelight.train.data.pictures import picture_size

CAPTIONS_FILE = "captions.json"
_OWN = "caption-"

GIVEN = {
    "right": "the picture's first caption",
    "none": "no caption",
    "wrong": "the first caption of the next picture",
    "other": "the picture's second caption, which says it in other words",
    "shuffled": "the words of the first caption in another order",
    "NA": 'the text "NA"',
}
"""What a decoder may be given; also ``caption-K`` for the picture's K-th caption, from 1."""


class TestPicture(NamedTuple):
    """A picture file with its captions, of which there may be none."""

    name: str
    path: Path
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Pictures in the order of their names."""

    name: str
    pictures: tuple[TestPicture, ...]
    side_px: int | None = None
    """Side that whole pictures are squeezed to, as COCO's in the paper; None keeps them."""
    num_too_small: int = 0
    """Pictures of the folder that were passed over."""

    def image(self, k: int) -> np.ndarray:
        """Returns the pixels of picture ``k``, uint8 (h, w, 3) RGB."""
        image = read_picture(self.pictures[k].path).image
        if self.side_px is None:
            return image
        size = (self.side_px, self.side_px)
        return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))

    def given(self, k: int, captions: str) -> str:
        """Returns what the decoder of picture ``k`` is given; ``captions`` as in ``GIVEN``.

        Raises:
            ConfigError: There is no such choice, or the picture has no such caption.
        """
        match captions:
            case "none":
                return ""
            case "NA":
                return "NA"
            case "right":
                return self._own(k, 0)
            case "other":
                return self._own(k, 1)
            case "wrong":
                return self._own((k + 1) % len(self.pictures), 0)
            case "shuffled":
                words = self._own(k, 0).split()
                random.Random(self.pictures[k].name).shuffle(words)
                return " ".join(words)
        number = captions.removeprefix(_OWN)
        if not captions.startswith(_OWN) or not number.isdecimal() or int(number) < 1:
            raise ConfigError(
                f"captions must be one of {sorted(GIVEN)} or {_OWN}K, got {captions!r}"
            )
        return self._own(k, int(number) - 1)

    def scored(self, k: int, captions: str) -> tuple[str, ...]:
        """Returns the picture's own captions, that of ``captions`` first if it is one of them."""
        own = self.pictures[k].captions
        given = self.given(k, captions)
        return (given, *(c for c in own if c != given)) if given in own else own

    def describe(self) -> dict[str, Any]:
        """Returns what records say of it: name, number, side, and the SHA-256 of each file."""
        return {
            "name": self.name,
            "num_pictures": len(self.pictures),
            "side_px": self.side_px,
            "sha256": {picture.name: sha256_of(picture.path) for picture in self.pictures},
        }

    def _own(self, k: int, number: int) -> str:
        picture = self.pictures[k]
        if number >= len(picture.captions):
            raise ConfigError(
                f"{picture.name} has {len(picture.captions)} captions, number {number + 1} is "
                f"needed: list them in {CAPTIONS_FILE} beside the pictures"
            )
        return picture.captions[number]


def sha256_of(path: Path) -> str:
    """Returns the digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def dataset_folder(place: str) -> Path:
    """Returns the folder ``place``, or that of this name below ``data`` in SIDELIGHT_ASSETS.

    Raises:
        CheckpointError: There is neither.
    """
    return Path(place) if Path(place).is_dir() else find_asset(f"data/{place}")


def load_dataset(
    place: str,
    *,
    side_px: int | None = None,
    shortest_px: int = 1,
    limit: int | None = None,
) -> Dataset:
    """Returns the pictures of a folder.

    Args:
        place: As for ``dataset_folder``.
        side_px: As in ``Dataset``.
        shortest_px: Pictures with a shorter side, before any squeezing, are passed over.
        limit: Only the first pictures that are left, by name.

    Raises:
        ConfigError: There are no pictures in it, or none as large.
        TextError: Its captions.json cannot be read.
        CheckpointError: There is no such folder.
        ImageError: With ``shortest_px``, a file is no picture.
    """
    folder = dataset_folder(place)
    listing = folder / CAPTIONS_FILE
    captions = CaptionListing.read(listing) if listing.is_file() else CaptionListing({})
    paths = sorted(p for p in folder.iterdir() if is_named_as_picture(p) and p.is_file())
    if not paths:
        raise ConfigError(f"{folder} holds no pictures, such as .png, .jpg or .avif files")
    large = [p for p in paths if shortest_px == 1 or min(picture_size(str(p), p)) >= shortest_px]
    if not large:
        raise ConfigError(f"no picture of {folder} has sides of {shortest_px} px or more")
    pictures = tuple(TestPicture(p.name, p, tuple(captions.find(p))) for p in large[:limit])
    return Dataset(folder.name, pictures, side_px, num_too_small=len(paths) - len(large))
