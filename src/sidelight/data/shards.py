"""Reads WebDataset tar shards: ``KEY.<picture suffix>`` beside ``KEY.json`` with its captions."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sidelight.data.pictures import CaptionedFile, CaptionedImage, decode_rgb, picture_size
from sidelight.errors import ImageError


class _Member(NamedTuple):
    offset: int
    data: bytes


def read_shards(paths: Iterable[Path]) -> Iterator[CaptionedImage]:
    """Yields every picture of every shard, in file order.

    Raises:
        ImageError: A picture has no captions beside it, captions no picture, or one is damaged.
    """
    for path in paths:
        for key, captions, picture in _pairs(path):
            try:
                image = decode_rgb(picture.data)
            except OSError as error:
                raise ImageError(f"{key} is no picture: {error!r}") from None
            yield CaptionedImage(key, image, captions)


def find_in_shards(paths: Iterable[Path]) -> Iterator[CaptionedFile]:
    """Yields where every picture of every shard lies; arguments and errors as for read_shards."""
    for path in paths:
        for key, captions, picture in _pairs(path):
            size = picture_size(key, io.BytesIO(picture.data))
            yield CaptionedFile(key, captions, size, path, picture.offset, len(picture.data))


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


def _pairs(path: Path) -> Iterator[tuple[str, tuple[str, ...], _Member]]:
    waiting: dict[str, tuple[str, _Member]] = {}
    with tarfile.open(path) as shard:
        for info in shard:
            stream = shard.extractfile(info)
            if stream is None:
                continue
            key, _, suffix = Path(info.name).name.partition(".")
            member = _Member(info.offset_data, stream.read())
            if key not in waiting:
                waiting[key] = suffix, member
                continue
            parts = dict([waiting.pop(key), (suffix, member)])
            name = f"{path.stem}/{key}"
            yield name, *_split(name, parts)
    if waiting:
        raise ImageError(f"{path}: {next(iter(waiting))} lacks its picture or its json")


def _split(key: str, parts: dict[str, _Member]) -> tuple[tuple[str, ...], _Member]:
    try:
        captions = tuple(json.loads(parts.pop("json").data)["captions"])
        (picture,) = parts.values()
    except (KeyError, TypeError, ValueError) as error:
        raise ImageError(f"{key} is no picture with its json: {error!r}") from None
    if not captions:
        raise ImageError(f"{key} has no captions")
    return captions, picture
