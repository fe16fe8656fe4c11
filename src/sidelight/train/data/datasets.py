"""Finds the pictures of a recipe, with the vectors of their captions."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.assets import find_assets
from sidelight.captions.listing import CaptionListing
from sidelight.errors import ConfigError, ImageError
from sidelight.text.encoder import TextEncoder
from sidelight.train import distributed
from sidelight.train.data.cores import on_all_cores
from sidelight.train.data.drawings import draw_pictures
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage, picture_size
from sidelight.train.data.shards import find_in_shards, held_out_keys
from sidelight.train.data.text_vectors import DatasetEmbedder, as_kept
from sidelight.train.recipe import DataSource, Recipe
from sidelight.train.text.sentences import odd_texts

TrainingPicture = CaptionedImage | CaptionedFile
Tell = Callable[[str], None]
"""Gets a line for whoever started the run."""
_NUM_ODD_TEXTS = 5000
_SHOWN = 5
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)
"""Of a picture that is sound, and decoded again when it is drawn."""


def no_words(_: str) -> None:
    """Tells nobody."""


def find_pictures(
    recipe: Recipe, tell: Tell
) -> tuple[list[TrainingPicture], list[TrainingPicture]]:
    """Returns the pictures to train on, and those held out.

    Args:
        recipe: Names their sources.
        tell: Gets a line about pictures that are passed over.

    Raises:
        ConfigError: A source holds no captioned picture, or all pictures are held out.
        CheckpointError: A relative path needs ``SIDELIGHT_ASSETS``.
        ImageError: Pictures are damaged, or lack their captions, and the recipe does not say
            that such are passed over; or a shard is damaged.
        TextError: A listing of captions is.
    """
    faults = Faults(recipe)
    found = [picture for source in recipe.data for picture in _find(source, recipe.seed, faults)]
    faults.settle(len(found), tell)
    found = _with_keys_of_their_own(found)
    held_out = held_out_keys((p.key for p in found), recipe.held_out_shard, recipe.held_out)
    if recipe.held_out and not held_out:
        tell(
            f"nothing is held out: held_out_shard is {recipe.held_out_shard!r}, which is the name "
            "of none of these shards without its .tar"
        )
    if len(held_out) == len(found):
        raise ConfigError(f"all {len(found)} pictures are held out: none is left to train on")
    return (
        [p for p in found if p.key not in held_out],
        [p for p in found if p.key in held_out],
    )


def sound_pictures(
    pictures: list[TrainingPicture], recipe: Recipe, tell: Tell
) -> tuple[list[TrainingPicture], Sequence[TrainingPicture]]:
    """Returns the pictures that can be decoded, and the same as they are to be drawn from.

    Where the recipe neither keeps pixels nor passes over broken pictures, none is decoded yet.
    Pixels that it keeps are there once for all processes of a machine.

    Raises:
        ImageError: Some cannot be, and the recipe does not say that such are passed over.
    """
    if not (recipe.in_memory or recipe.skip_broken):
        return pictures, pictures
    faults = Faults(recipe)
    decoded = _decoded(pictures, faults)
    if recipe.in_memory:
        held = distributed.hold_once(decoded)
        if not distributed.is_first_of_machine():
            for picture, pixels in zip(pictures, held, strict=True):
                if pixels is None:
                    faults.note(ImageError(f"{picture.key}, as another process says"))
    else:
        held = [None if pixels is None else _NO_PIXELS for pixels in decoded]
    sound, kept = [], []
    for picture, pixels in zip(pictures, held, strict=True):
        if pixels is None:
            continue
        sound.append(picture)
        kept.append(
            CaptionedImage(picture.key, pixels, picture.captions) if recipe.in_memory else picture
        )
    faults.settle(len(sound), tell)
    return sound, kept


def _decoded(pictures: Iterable[TrainingPicture], faults: "Faults") -> Iterator[np.ndarray | None]:
    """Yields the pixels of each picture, decoded on all cores; None for a broken one."""
    for pixels in on_all_cores(_pixels_or_error, pictures):
        if isinstance(pixels, ImageError):
            faults.note(pixels)
            yield None
        else:
            yield pixels


def _pixels_or_error(picture: TrainingPicture) -> np.ndarray | ImageError:
    try:
        return picture.image
    except ImageError as error:
        return error


class Faults:
    """Broken pictures of a training set: all are named at once, then refused or passed over."""

    def __init__(self, recipe: Recipe) -> None:
        self._skips = recipe.skip_broken
        self._errors: list[str] = []

    def __len__(self) -> int:
        return len(self._errors)

    def note(self, error: ImageError) -> None:
        """Takes one down."""
        self._errors.append(str(error))

    def settle(self, num_sound: int, tell: Tell) -> None:
        """Ends the count.

        Raises:
            ImageError: There are some, and they may not be passed over, or no other is left.
        """
        if not self._errors:
            return
        more = [f"and {len(self) - _SHOWN} more"] if len(self) > _SHOWN else []
        named = "; ".join(self._errors[:_SHOWN] + more)
        count = f"{len(self)} of {len(self) + num_sound} pictures"
        if not self._skips:
            raise ImageError(
                f"{count} cannot be trained on: {named}. Mend them, or give "
                "--set skip_broken=true to train on the others"
            )
        if not num_sound:
            raise ImageError(f"none of {len(self)} pictures can be trained on: {named}")
        tell(f"{count} are passed over: {named}")


def text_vectors(
    pictures: Sequence[TrainingPicture], encoder: TextEncoder
) -> list[Float[Tensor, "_ t"]]:
    """Returns the vectors (captions, t) of each picture; they stay in the user's cache."""
    captions = [caption for picture in pictures for caption in picture.captions]
    return list(_embed(captions, encoder).split([len(picture.captions) for picture in pictures]))


def odd_vectors(recipe: Recipe, encoder: TextEncoder) -> Float[Tensor, "n t"] | None:
    """Returns the vectors of text that is no caption, None where the recipe wants none."""
    if recipe.odd_text == 0:
        return None
    return _embed(list(odd_texts(_NUM_ODD_TEXTS, seed=recipe.seed)), encoder)


def _embed(texts: Sequence[str], encoder: TextEncoder) -> Float[Tensor, "n t"]:
    pieces = DatasetEmbedder(encoder).pieces(texts)
    return torch.from_numpy(np.concatenate([as_kept(piece, encoder) for piece in pieces]))


def _find(source: DataSource, seed: int, faults: Faults) -> list[TrainingPicture]:
    if source.drawings:
        return list(draw_pictures(source.drawings, seed=seed))
    paths = find_assets(source.pictures)
    if not source.captions:
        shards = (path for path in paths if path.suffix == ".tar")
        found: list[TrainingPicture] = [*find_in_shards(shards, faults.note)]
    else:
        listings = find_assets(source.captions)
        found = [
            p for path in listings for folder in paths for p in _in_folder(folder, path, faults)
        ]
    if not found and not faults:
        raise ConfigError(
            f"no captioned pictures in {source.pictures!r}: expected tar shards, or a folder "
            "with a JSON listing of captions"
        )
    return found


def _in_folder(folder: Path, listing: Path, faults: Faults) -> list[CaptionedFile]:
    found = []
    for name, captions in CaptionListing.read(listing).items():
        path = folder / name
        if not captions or not path.is_file():
            continue
        try:
            size = picture_size(str(path), path)
        except ImageError as error:
            faults.note(error)
            continue
        key = "/".join(part for part in PurePath(name).parts if part not in (os.sep, ".."))
        length = path.stat().st_size
        found.append(CaptionedFile(key, tuple(captions), size, path, 0, length))
    return found


def _with_keys_of_their_own(pictures: list[TrainingPicture]) -> list[TrainingPicture]:
    """Returns the pictures with the folders of their files before keys that several would share.

    Shards of different sets often have the same names.
    """
    places: dict[str, set[tuple[Path, int]]] = {}
    for picture in pictures:
        if isinstance(picture, CaptionedFile):
            places.setdefault(picture.key, set()).add((picture.path, picture.offset))
    return [
        replace(p, key="/".join([*p.path.resolve().parent.parts[1:], p.key]))
        if isinstance(p, CaptionedFile) and len(places[p.key]) > 1
        else p
        for p in pictures
    ]
