"""Trains stage 1 of a recipe: python scripts/train_stage1.py RECIPE RUN_FOLDER [--resume].

Needs SIDELIGHT_ASSETS (pictures and LPIPS weights) and the recipe's text encoder, whose vectors are
computed once and kept in the run folder.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from sidelight.assets import ENVIRONMENT_VARIABLE
from sidelight.data.shards import CaptionedImage, read_shards
from sidelight.losses.lpips import LPIPS
from sidelight.text.encoder import embed_captions
from sidelight.text.registry import load_text_encoder
from sidelight.train.recipe import Recipe, load_recipe
from sidelight.train.stage1 import STATE_FILE, Stage1, run

_CAPTIONS_AT_ONCE = 64


def main() -> None:
    """Parses the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
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
    text = text_vectors(pictures, recipe.text_encoder, folder / "text.safetensors")
    stage = Stage1(recipe, pictures, text, LPIPS.load(for_training=True))
    if arguments.resume:
        stage.load(folder / STATE_FILE)
    done = run(stage, folder, time_limit_s=arguments.time_limit_s, report=_report)
    _report("complete" if done else f"stopped at step {stage.step}; go on with --resume")


def load_pictures(recipe: Recipe) -> list[CaptionedImage]:
    """Reads every training picture into memory, less those held out."""
    root = Path(os.environ[ENVIRONMENT_VARIABLE])
    paths = sorted(path for glob in recipe.shards for path in root.glob(glob))
    pictures = list(read_shards(paths))
    held = [p.key for p in pictures if p.key.startswith(recipe.held_out_shard)]
    held_out = set(held[max(len(held) - recipe.held_out, 0) :])
    kept = [p for p in pictures if p.key not in held_out]
    _report(f"{len(kept)} pictures from {len(paths)} shards, {len(held_out)} held out")
    return kept


def text_vectors(pictures: list[CaptionedImage], name: str, cache: Path) -> list[torch.Tensor]:
    """Returns float16 vectors (captions, t) for each picture, from the cache where it fits."""
    counts = [len(p.captions) for p in pictures]
    if not cache.exists():
        encoder = load_text_encoder(name)
        captions = [caption for p in pictures for caption in p.captions]
        chunks = [
            embed_captions(captions[k : k + _CAPTIONS_AT_ONCE], encoder, encoder.width).half()
            for k in range(0, len(captions), _CAPTIONS_AT_ONCE)
        ]
        save_file({"vectors": torch.cat(chunks)}, cache)
        _report(f"embedded {len(captions)} captions")
    vectors = load_file(cache)["vectors"]
    if len(vectors) != sum(counts):
        sys.exit(f"{cache} holds {len(vectors)} vectors for {sum(counts)} captions: delete it")
    return list(vectors.split(counts))


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
