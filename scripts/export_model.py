"""Freezes a training run into a checkpoint: python scripts/export_model.py RUN_FOLDER TARGET.

The quality levels are placed anew along the trained range, so that quality 1, 3, 5, 7 and 9 come
near the rates of --bpp on the pictures of --pictures.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from sidelight.checkpoint import Checkpoint, save_checkpoint
from sidelight.config import HYPER_STRIDE
from sidelight.models.codec_model import CodecModel
from sidelight.models.exported import ExportedModel
from sidelight.models.gain import interpolate_levels
from sidelight.pixels.padding import pad_to_multiple
from sidelight.text.registry import load_text_encoder
from sidelight.train.recipe import Recipe
from sidelight.train.trainer import STATE_FILE

_PROBES = 25
_BEYOND = 2.0
"""Levels above the trained ones: their gains go on as between the last two."""


def main() -> None:
    """Parses the command line and writes the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--pictures", type=Path, help="folder of PNG files to place rates on")
    parser.add_argument("--bpp", type=float, nargs="+", default=[0.06, 0.15, 0.30, 0.45, 0.90])
    arguments = parser.parse_args()

    recipe = Recipe.from_dict(json.loads((arguments.run / "recipe.json").read_text()))
    state = torch.load(arguments.run / STATE_FILE, weights_only=True)
    model = CodecModel(recipe.model).eval()
    model.load_state_dict(state["ema"])
    if arguments.pictures:
        place_levels(model, arguments.pictures, arguments.bpp)
    provenance = {
        "recipe": recipe.to_dict(),
        "steps": state["step"],
        "commit": _commit(),
        "torch": torch.__version__,
        "terms": "trained on Flickr8k, ADE20K and COCO pictures: for research use",
    }
    text_encoder = load_text_encoder(recipe.text_encoder).identity
    checkpoint = Checkpoint(ExportedModel(model), text_encoder, provenance)
    save_checkpoint(arguments.target, checkpoint)
    _report(f"{arguments.target}: {arguments.target.stat().st_size} bytes")


@torch.no_grad()
def place_levels(model: CodecModel, folder: Path, target_bpp: list[float]) -> None:
    """Moves the gain vectors to where the estimated mean rate meets each target."""
    last = model.config.num_levels - 1
    probes = torch.linspace(0, last + _BEYOND, _PROBES)
    rates = np.zeros(_PROBES)
    paths = sorted(folder.glob("*.png"))
    for path in paths:
        image = np.asarray(Image.open(path).convert("RGB"))
        padded = pad_to_multiple(image, HYPER_STRIDE)
        x = torch.from_numpy(padded).permute(2, 0, 1)[None].float() / 255
        rates += [model.estimate_bpp(x, probe[None]).item() for probe in probes]
    rates /= len(paths)
    places = np.interp(np.log(target_bpp), np.log(rates), probes.numpy())
    _report(f"rates {rates.round(3).tolist()}\nlevels move to {places.round(3).tolist()}")
    for gain in (model.latent_gain, model.hyper_gain):
        for levels in (gain.log_gain, gain.log_inverse):
            levels.copy_(interpolate_levels(levels, torch.from_numpy(places).float()))


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _report(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
