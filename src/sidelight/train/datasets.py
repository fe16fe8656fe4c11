"""Finds the pictures of a recipe, with the vectors of their captions."""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.assets import find_assets
from sidelight.data.drawings import draw_pictures
from sidelight.data.pictures import CaptionedFile, CaptionedImage, picture_size
from sidelight.data.sentences import odd_texts
from sidelight.data.shards import find_in_shards, held_out_keys
from sidelight.errors import ConfigError
from sidelight.text.dataset import DatasetEmbedder, as_kept
from sidelight.text.encoder import TextEncoder
from sidelight.text.listing import CaptionListing
from sidelight.train.recipe import DataSource, Recipe

TrainingPicture = CaptionedImage | CaptionedFile
_NUM_ODD_TEXTS = 5000


def find_pictures(recipe: Recipe) -> tuple[list[TrainingPicture], list[TrainingPicture]]:
    """Returns the pictures to train on, and those held out.

    Raises:
        ConfigError: A source holds no captioned picture.
        CheckpointError: A relative path needs ``SIDELIGHT_ASSETS``.
        ImageError: A picture is damaged.
        TextError: A listing of captions is.
    """
    found = [picture for source in recipe.data for picture in _find(source, recipe.seed)]
    held_out = held_out_keys((p.key for p in found), recipe.held_out_shard, recipe.held_out)
    if not recipe.held_out_shard:
        held_out = set()
    return (
        [p for p in found if p.key not in held_out],
        [p for p in found if p.key in held_out],
    )


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
    return torch.cat([as_kept(piece, encoder) for piece in DatasetEmbedder(encoder).pieces(texts)])


def _find(source: DataSource, seed: int) -> list[TrainingPicture]:
    if source.drawings:
        return list(draw_pictures(source.drawings, seed=seed))
    paths = find_assets(source.pictures)
    if not source.captions:
        found: list[TrainingPicture] = [
            *find_in_shards(path for path in paths if path.suffix == ".tar")
        ]
    else:
        listings = find_assets(source.captions)
        found = [p for path in listings for folder in paths for p in _in_folder(folder, path)]
    if not found:
        raise ConfigError(
            f"no captioned pictures in {source.pictures!r}: expected tar shards, or a folder "
            "with a JSON listing of captions"
        )
    return found


def _in_folder(folder: Path, listing: Path) -> list[CaptionedFile]:
    return [
        CaptionedFile(name, tuple(captions), picture_size(name, path), path, 0, path.stat().st_size)
        for name, captions in CaptionListing.read(listing).items()
        if captions and (path := folder / name).is_file()
    ]
