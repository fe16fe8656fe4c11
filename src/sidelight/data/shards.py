"""Reads WebDataset tar shards: ``KEY.<picture suffix>`` beside ``KEY.json`` with its captions."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sidelight.errors import ImageError


@dataclass(frozen=True, slots=True)
class CaptionedImage:
    """A picture, uint8 (h, w, 3) RGB, with the sentences that describe it."""

    key: str
    image: np.ndarray
    captions: tuple[str, ...]


def read_shards(paths: Iterable[Path]) -> Iterator[CaptionedImage]:
    """Yields every picture of every shard, in file order.

    Raises:
        ImageError: A picture has no captions beside it, captions no picture, or one is damaged.
    """
    for path in paths:
        with tarfile.open(path) as shard:
            waiting: dict[str, tuple[str, bytes]] = {}
            for member in shard:
                stream = shard.extractfile(member)
                if stream is None:
                    continue
                key, _, suffix = Path(member.name).name.partition(".")
                if key not in waiting:
                    waiting[key] = (suffix, stream.read())
                    continue
                parts = dict([waiting.pop(key), (suffix, stream.read())])
                yield _join(f"{path.stem}/{key}", parts)
            if waiting:
                raise ImageError(f"{path}: {next(iter(waiting))} lacks its picture or its json")


def held_out_keys(keys: Iterable[str], shard: str, count: int) -> set[str]:
    """Returns the last ``count`` keys of a shard: pictures that are never trained on."""
    of_shard = [key for key in keys if key.startswith(shard)]
    return set(of_shard[max(len(of_shard) - count, 0) :])


def read_shard_captions(paths: Iterable[Path]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields the key and the captions of every picture, without decoding the pictures.

    Raises:
        ImageError: A json holds no captions.
    """
    for path in paths:
        with tarfile.open(path) as shard:
            for member in shard:
                key, _, suffix = Path(member.name).name.partition(".")
                stream = shard.extractfile(member) if suffix == "json" else None
                if stream is None:
                    continue
                try:
                    captions = tuple(json.loads(stream.read())["captions"])
                except (KeyError, TypeError, ValueError) as error:
                    raise ImageError(f"{path}: {member.name} has no captions: {error!r}") from None
                yield f"{path.stem}/{key}", captions


def _join(key: str, parts: dict[str, bytes]) -> CaptionedImage:
    try:
        record = json.loads(parts.pop("json"))
        (picture,) = parts.values()
        image = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
        captions = tuple(record["captions"])
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ImageError(f"{key} is no picture with its json: {error!r}") from None
    if not captions:
        raise ImageError(f"{key} has no captions")
    return CaptionedImage(key, image, captions)
