"""Sample pictures of a run: real files of its averaged weights, decoded with and without text."""

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import torch

from sidelight.checkpoint import Checkpoint
from sidelight.codec import Codec
from sidelight.config import HYPER_STRIDE, MAX_QUALITY, MIN_QUALITY
from sidelight.models.baseline import BaselineModel
from sidelight.models.exported import ExportedModel
from sidelight.models.registry import build_model
from sidelight.pixels.padding import pad_to_multiple
from sidelight.pixels.picture import Picture
from sidelight.text.encoder import TextEncoder, embed_captions
from sidelight.train.datasets import TrainingPicture
from sidelight.train.trainer import Trainer

NUM_SAMPLES = 4


class Samples(NamedTuple):
    """Strips of original, decoded with text, decoded without; and what their files take."""

    strips: dict[str, np.ndarray]
    """uint8 (h, 3*w, 3), by the picture's key and the quality."""
    bpp: dict[str, float]
    """Mean over the pictures, by its name in the log: of whole files, of baselines estimated."""


def code_samples(
    trainer: Trainer, pictures: Sequence[TrainingPicture], encoder: TextEncoder
) -> Samples:
    """Returns the first pictures as a decoder would show them now, at each trained level."""
    model = build_model(trainer.recipe.model)
    model.load_state_dict({name: value.cpu() for name, value in trainer.ema.items()})
    if isinstance(model, BaselineModel):
        return _estimated(model.eval(), pictures[:NUM_SAMPLES], encoder)
    codec = Codec(Checkpoint(ExportedModel(model.eval()), encoder.identity, {}), encoder)
    strips: dict[str, np.ndarray] = {}
    rates: dict[str, list[float]] = {}
    for picture in pictures[:NUM_SAMPLES]:
        image = picture.image
        for quality in _qualities(trainer.recipe.model.num_levels):
            data = codec.encode(Picture(image=image), quality=quality)
            told, plain = (codec.decode(data, t).image for t in (picture.captions[0], ""))
            strips[f"{picture.key}-q{quality:g}"] = np.concatenate([image, told, plain], axis=1)
            bpp = 8 * len(data) / (image.shape[0] * image.shape[1])
            rates.setdefault(f"real_bpp_q{quality:g}", []).append(bpp)
    return Samples(strips, {name: fmean(values) for name, values in rates.items()})


@torch.inference_mode()
def _estimated(
    model: BaselineModel, pictures: Sequence[TrainingPicture], encoder: TextEncoder
) -> Samples:
    """Returns the same from the float model: no file is written."""
    strips: dict[str, np.ndarray] = {}
    rates: list[float] = []
    for picture in pictures:
        image = picture.image
        height, width = image.shape[:2]
        padded = torch.from_numpy(pad_to_multiple(image, HYPER_STRIDE))
        x = padded.permute(2, 0, 1)[None].float() / 255
        shown = [image]
        for caption in (picture.captions[0], ""):
            text = embed_captions([caption], encoder, model.config.text_width)
            output = model(x, text, torch.zeros(1))
            x_hat = output.x_hat[0, :, :height, :width].clamp(0, 1).mul(255).round()
            shown.append(x_hat.to(torch.uint8).permute(1, 2, 0).numpy())
        strips[picture.key] = np.concatenate(shown, axis=1)
        rates.append(output.bpp_rounded.item() * x[0, 0].numel() / (height * width))
    return Samples(strips, {"estimated_bpp": fmean(rates)})


def _qualities(num_levels: int) -> Iterator[float]:
    for level in range(num_levels):
        share = level / max(num_levels - 1, 1)
        yield MIN_QUALITY + share * (MAX_QUALITY - MIN_QUALITY)
