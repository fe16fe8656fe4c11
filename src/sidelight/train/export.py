"""Freezes a training run into a checkpoint that codes pictures."""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sidelight.bitstream.quality import HYPER_STRIDE
from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.stored import Checkpoint
from sidelight.errors import CheckpointError, ConfigError
from sidelight.models.base import HyperpriorCodec
from sidelight.models.compressai_keys import load_compressai
from sidelight.models.config import CarrierConfig
from sidelight.models.gain import interpolate_levels
from sidelight.models.registry import build_model, exported
from sidelight.nn.ssa import SSABlock
from sidelight.pixels.files import read_picture
from sidelight.pixels.padding import pad_to_multiple
from sidelight.text.bundled import BundledEncoder
from sidelight.text.registry import load_text_encoder
from sidelight.train.recipe import recipe_of_run
from sidelight.train.state_file import STATE_FILE, read_state

_PROBES = 25
_BEYOND = 2.0
"""Levels above the trained ones: their gains go on as between the last two."""


def export_run(
    folder: Path,
    target: Path,
    *,
    terms: str = "",
    pictures: Sequence[Path] = (),
    target_bpp: Sequence[float] = (),
    default_realism: float | None = None,
) -> None:
    """Writes the averaged weights of a run as a checkpoint.

    Args:
        folder: Of the run.
        target: The checkpoint.
        terms: What its users may do with it, which the training pictures decide; is recorded.
        pictures: If given, the levels are placed anew along the trained range, so that the mean
            rates on these pictures come near ``target_bpp``.
        target_bpp: One rate per level, rising.
        default_realism: Where a carrier generator's dial stands if the user names no place.

    Raises:
        CheckpointError: The folder holds no run.
        ConfigError: The rates are not one per level, or the model has no levels, or no dial.
    """
    recipe = recipe_of_run(folder)
    state = read_state(folder / STATE_FILE, ["ema", "step"])
    config = recipe.model
    if default_realism is not None:
        if not isinstance(config, CarrierConfig):
            raise ConfigError(f"{config.name} has no dial: only carrier generators have")
        config = replace(config, default_realism=default_realism)
    model = build_model(config).eval()
    try:
        model.load_state_dict(state["ema"])
    except (AttributeError, RuntimeError, TypeError) as error:
        raise CheckpointError(f"{folder} holds the state of another model: {error}") from None
    if not recipe.generator_text:
        ignore_text(model)
    if pictures:
        if not isinstance(model, HyperpriorCodec):
            raise ConfigError(f"{recipe.model.name} has no rates of its own")
        place_levels(model, pictures, target_bpp)
    origin = {"recipe": recipe.to_dict(), "steps": state["step"]}
    _save(target, model, recipe.text_encoder, origin | {"terms": terms})


def convert_compressai(source: Path, architecture: str, target: Path, *, terms: str = "") -> None:
    """Writes weights that CompressAI published as a checkpoint; other arguments as for runs.

    Raises:
        CheckpointError: The file cannot be read, or is not of that architecture.
    """
    model = load_compressai(source, architecture).eval()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    origin = {"source": source.name, "sha256": digest, "terms": terms}
    _save(target, model, BundledEncoder.name, origin)


def _save(
    target: Path,
    model: nn.Module,
    text_encoder: str,
    origin: dict[str, Any],
) -> None:
    provenance = origin | {
        "sidelight": version("sidelight"),
        "commit": _commit(),
        "torch": torch.__version__,
    }
    identity = load_text_encoder(text_encoder).identity
    save_checkpoint(target, Checkpoint(exported(model), identity, provenance))


@torch.no_grad()
def ignore_text(model: nn.Module) -> None:
    """Makes every caption act as none does: what G has never learned to read would disturb it."""
    for block in model.modules():
        if isinstance(block, SSABlock):
            for first_layer in ("to_gamma.0", "to_beta.0"):
                block.get_submodule(first_layer).get_parameter("weight").zero_()


@torch.no_grad()
def place_levels(
    model: HyperpriorCodec, pictures: Sequence[Path], target_bpp: Sequence[float]
) -> list[float]:
    """Moves the gain vectors to where the estimated mean rate meets each target.

    Returns:
        Where each level now lies among the trained ones.

    Raises:
        ConfigError: The rates are not one per level, or not rising, or there is one rate.
    """
    if model.latent_gain is None or model.hyper_gain is None:
        raise ConfigError(f"{model.config.name} has one rate, and no levels to place")
    num_levels = model.config.num_levels
    if len(target_bpp) != num_levels or list(target_bpp) != sorted(target_bpp):
        raise ConfigError(f"give {num_levels} rising rates, one per level, got {target_bpp}")
    probes = torch.linspace(0, num_levels - 1 + _BEYOND, _PROBES)
    rates = np.zeros(_PROBES)
    text = torch.zeros(1, model.config.text_width)
    for path in pictures:
        padded = pad_to_multiple(read_picture(path).image, HYPER_STRIDE)
        x = torch.from_numpy(padded).permute(2, 0, 1)[None].float() / 255
        rates += [model.estimate_bpp(x, text, probe[None]).item() for probe in probes]
    rates /= len(pictures)
    places = np.interp(np.log(target_bpp), np.log(rates), probes.numpy())
    for gain in (model.latent_gain, model.hyper_gain):
        for levels in (gain.log_gain, gain.log_inverse):
            levels.copy_(interpolate_levels(levels, torch.from_numpy(places).float()))
    return places.tolist()


def _commit() -> str | None:
    """Returns the commit of this source, None where it is no clone."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
