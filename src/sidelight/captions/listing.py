"""JSON files that list captions by picture: COCO's form, or ``{file: caption or captions}``."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from sidelight.captions.canonical import canonical_caption
from sidelight.errors import TextError


class CaptionListing:
    """Captions of many pictures, found by the name of a picture or of its .slt file."""

    def __init__(self, captions: Mapping[str, list[str]]) -> None:
        self._captions = {PurePath(name): found for name, found in captions.items()}
        self._by_name: dict[str, list[PurePath]] = {}
        for place in self._captions:
            for name in {place.name, place.stem}:
                self._by_name.setdefault(name, []).append(place)

    @classmethod
    def read(cls, path: Path) -> "CaptionListing":
        """Reads either form.

        Raises:
            TextError: The file is not JSON in UTF-8, of neither form, or gives a picture no text.
        """
        try:
            values = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:  # also of numbers with thousands of digits
            raise TextError(f"{path} is not JSON in UTF-8: {error}") from None
        try:
            return cls(_from_coco(values) if "annotations" in values else _from_mapping(values))
        except TextError as error:
            raise TextError(f"{path}: {error}") from None
        except (TypeError, KeyError, AttributeError):
            raise TextError(
                f"{path} lists no captions: expected {{file: [captions]}}, or COCO's form with "
                "images (id, file_name) and annotations (image_id, caption)"
            ) from None

    def items(self) -> Iterable[tuple[str, list[str]]]:
        """Returns every listed path with its captions."""
        return ((str(place), captions) for place, captions in self._captions.items())

    def find(self, file: Path) -> list[str]:
        """Returns the captions of ``file``, or an empty list.

        The listed path that agrees with the most folders of ``file`` is taken; suffixes may
        differ, so that a/dog.slt finds dog.jpg.

        Raises:
            TextError: Several listed pictures fit equally well.
        """
        places = self._by_name.get(file.name) or self._by_name.get(file.stem) or []
        shared = {place: _shared_folders(place, file) for place in places}
        best = [place for place in places if shared[place] == max(shared.values())]
        if len(best) > 1:
            raise TextError(f"{file}: the captions could be those of {best[0]} or {best[1]}")
        return self._captions[best[0]] if best else []


def _from_mapping(values: Any) -> dict[str, list[str]]:
    listed = {
        name: [captions] if isinstance(captions, str) else captions
        for name, captions in values.items()
    }
    return {name: _canonical(name, captions) for name, captions in listed.items()}


def _from_coco(values: Any) -> dict[str, list[str]]:
    names = {image["id"]: image["file_name"] for image in values["images"]}
    listed: dict[str, list[str]] = {name: [] for name in names.values()}
    for annotation in values["annotations"]:
        listed[names[annotation["image_id"]]].append(annotation["caption"])
    return {name: _canonical(name, captions) for name, captions in listed.items()}


def _canonical(name: str, captions: Any) -> list[str]:
    if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
        raise TextError(f"{name!r} is to have a caption or a list of them, got {captions!r}")
    return [text for caption in captions if (text := canonical_caption(caption))]


def _shared_folders(place: PurePath, file: Path) -> int:
    count = 0
    for listed, given in zip(place.parts[-2::-1], file.parts[-2::-1], strict=False):
        if listed != given:
            break
        count += 1
    return count
