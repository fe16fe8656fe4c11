"""Trains the variants of paper section 4.4 at a small budget, all on the same crops.

python scripts/train_ablation.py FOLDER [--threads 1]

Variants that differ in the discriminator only share stage 1 (choice C28). Each ends as
FOLDER/VARIANT.safetensors; given again, the command goes on where it was cut.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from sidelight.train.export import export_run
from sidelight.train.recipe import load_recipe
from sidelight.train.unattended import train_unattended

_RECIPE = Path("recipes/ablation.toml")
_OVERLAYS = Path("recipes/with")
_STAGE_2 = ("phases=[{steps=500, crop=128, batch=8}]",)
_TERMS = "research use: trained on Flickr8k, ADE20K and COCO pictures"


class Variant(NamedTuple):
    """The files that are laid over the recipe in each stage."""

    stage_1: tuple[str, ...]
    stage_2: tuple[str, ...]


VARIANTS = {
    "full": Variant((), ("stage2",)),
    "no-d-text": Variant((), ("stage2", "no-d-text")),
    "no-g-text": Variant(("no-g-text",), ("stage2", "no-g-text")),
    "no-text": Variant(("no-g-text",), ("stage2", "no-text")),
    "hific": Variant(("hific",), ("stage2", "no-text", "hific")),
}


def main() -> None:
    """Parses the command line and trains what is not there yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where runs and checkpoints go")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    for name, variant in VARIANTS.items():
        target = arguments.folder / f"{name}.safetensors"
        if target.exists():
            continue
        stage_1 = arguments.folder / "-".join(("stage1", *variant.stage_1))
        stage_2 = arguments.folder / f"stage2-{name}"
        _train(stage_1, variant.stage_1)
        _train(stage_2, variant.stage_2, [f'start_from="{stage_1}"', *_STAGE_2])
        export_run(stage_2, target, terms=_TERMS)


def _train(folder: Path, overlays: Sequence[str], changes: Sequence[str] = ()) -> None:
    fragments = [_OVERLAYS / f"{name}.toml" for name in overlays]
    train_unattended(load_recipe(_RECIPE, changes, fragments=fragments), folder)


if __name__ == "__main__":
    main()
