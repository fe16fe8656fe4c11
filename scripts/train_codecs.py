"""Trains the paper's learned codecs at one small budget: same data, steps and rates.

python scripts/train_codecs.py FOLDER [--threads 1] [--only NAME ...]

Each ends as FOLDER/NAME-RATE.safetensors, the three that were published for squared error also as
NAME-mse-RATE; Cheng 2020 for LPIPS is cheng2020-no-text, whose SSA blocks are given zero vectors.
Given again, the command goes on where it was cut.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import torch

from sidelight.train.export import export_run
from sidelight.train.recipe import load_recipe
from sidelight.train.unattended import train_unattended

_RECIPES, _OVERLAYS = Path("recipes"), Path("recipes/with")
_TERMS = "research use: trained on Flickr8k, ADE20K and COCO pictures"

RATES = {"low": 0.155, "high": 0.31}
"""In bits per pixel of the training crops."""
_LMBDA = {"low": 2.5, "high": 0.9}
_LMBDA_OF_BALLE = {"low": 5.0, "high": 2.0}
_LMBDA_OF_MSE = {"low": 2.2, "high": 0.8}
"""Where lambda starts; the budget is too short to find it from afar."""


class Trained(NamedTuple):
    """A recipe, the files that are laid over it, and where lambda starts for each rate."""

    recipe: str
    overlays: tuple[str, ...] = ()
    lmbda: dict[str, float] = _LMBDA


CODECS = {
    "cheng2020-ssa": Trained("cheng2020-ssa-small"),
    "cheng2020-no-text": Trained("cheng2020-ssa-small", ("no-g-text",)),
    "tgic": Trained("tgic-small"),
    "hific": Trained("hific-small"),
    "ours": Trained("small"),
    "balle2018": Trained("balle2018-small", lmbda=_LMBDA_OF_BALLE),
    "minnen2018": Trained("minnen2018-small"),
    "balle2018-mse": Trained("balle2018-small", ("mse",), _LMBDA_OF_MSE),
    "minnen2018-mse": Trained("minnen2018-small", ("mse",), _LMBDA_OF_MSE),
    "cheng2020-mse": Trained("cheng2020-small", ("mse",), _LMBDA_OF_MSE),
}


def main() -> None:
    """Parses the command line and trains what is not there yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where runs and checkpoints go")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=CODECS, default=list(CODECS))
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    for name in arguments.only:
        for rate in RATES:
            target = arguments.folder / f"{name}-{rate}.safetensors"
            if not target.exists():
                folder = arguments.folder / f"{name}-{rate}"
                _train(folder, CODECS[name], rate)
                export_run(folder, target, terms=_TERMS)


def _train(folder: Path, codec: Trained, rate: str) -> None:
    recipe = load_recipe(
        _RECIPES / f"{codec.recipe}.toml",
        [f"target_bpp=[{RATES[rate]}]", f"initial_lmbda=[{codec.lmbda[rate]}]"],
        fragments=[_OVERLAYS / f"{name}.toml" for name in ("budget", *codec.overlays)],
    )
    train_unattended(recipe, folder)


if __name__ == "__main__":
    main()
