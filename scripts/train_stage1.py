"""Trains stage 1 of a recipe: python scripts/train_stage1.py RECIPE RUN_FOLDER [--resume].

Needs SIDELIGHT_ASSETS (pictures and LPIPS weights) and the recipe's text encoder, whose vectors are
computed once and kept in the user's cache.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import torch

from sidelight.assets import ENVIRONMENT_VARIABLE
from sidelight.data.shards import CaptionedImage, held_out_keys, read_shards
from sidelight.losses.lpips import LPIPS
from sidelight.text.dataset import DatasetEmbedder
from sidelight.text.registry import load_text_encoder
from sidelight.train.recipe import Recipe, load_recipe
from sidelight.train.stage1 import STATE_FILE, Stage1, run


def main() -> None:
    """Parses the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--start-from", type=Path, help="the state.pt of another run")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--time-limit-s", type=float, default=float("inf"))
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    recipe = load_recipe(arguments.recipe, arguments.set)
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(recipe.to_dict(), indent=1))
    pictures = load_pictures(recipe)
    text = text_vectors(pictures, recipe.text_encoder)
    stage = Stage1(recipe, pictures, text, LPIPS.load(for_training=True))
    if arguments.start_from:
        stage.start_from(arguments.start_from)
    if arguments.resume:
        stage.load(folder / STATE_FILE)
    done = run(stage, folder, time_limit_s=arguments.time_limit_s, report=_report)
    _report("complete" if done else f"stopped at step {stage.step}; go on with --resume")


def load_pictures(recipe: Recipe) -> list[CaptionedImage]:
    """Reads every training picture into memory, less those held out."""
    root = Path(os.environ[ENVIRONMENT_VARIABLE])
    paths = sorted(path for glob in recipe.shards for path in root.glob(glob))
    pictures = list(read_shards(paths))
    held_out = held_out_keys((p.key for p in pictures), recipe.held_out_shard, recipe.held_out)
    kept = [p for p in pictures if p.key not in held_out]
    _report(f"{len(kept)} pictures from {len(paths)} shards, {len(held_out)} held out")
    return kept


def text_vectors(pictures: list[CaptionedImage], name: str) -> list[torch.Tensor]:
    """Returns float16 vectors (captions, t) for each picture."""
    captions = [caption for p in pictures for caption in p.captions]
    embedder = DatasetEmbedder(load_text_encoder(name))
    vectors = torch.cat([piece.half() for piece in embedder.pieces(captions)])
    _report(f"text vectors of {len(captions)} captions")
    return list(vectors.split([len(p.captions) for p in pictures]))


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
