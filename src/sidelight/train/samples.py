"""Sample pictures of a run: real files of its averaged weights, decoded with and without text."""

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from sidelight.checkpoint import Checkpoint
from sidelight.codec import Codec
from sidelight.config import MAX_QUALITY, MIN_QUALITY
from sidelight.models.codec_model import CodecModel
from sidelight.models.exported import ExportedModel
from sidelight.pixels.picture import Picture
from sidelight.text.encoder import TextEncoder
from sidelight.train.datasets import TrainingPicture
from sidelight.train.trainer import Trainer

NUM_SAMPLES = 4


class Samples(NamedTuple):
    """Strips of original, decoded with text, decoded without; and what their files take."""

    strips: dict[str, np.ndarray]
    """uint8 (h, 3*w, 3), by the picture's key and the quality."""
    real_bpp: dict[str, float]
    """Mean of whole files, by quality."""


def code_samples(
    trainer: Trainer, pictures: Sequence[TrainingPicture], encoder: TextEncoder
) -> Samples:
    """Returns the first pictures as a decoder would show them now, at each trained level."""
    model = CodecModel(trainer.recipe.model)
    model.load_state_dict({name: value.cpu() for name, value in trainer.ema.items()})
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
            rates.setdefault(f"{quality:g}", []).append(bpp)
    return Samples(strips, {quality: fmean(values) for quality, values in rates.items()})


def _qualities(num_levels: int) -> Iterator[float]:
    for level in range(num_levels):
        share = level / max(num_levels - 1, 1)
        yield MIN_QUALITY + share * (MAX_QUALITY - MIN_QUALITY)


def as_record(samples: Samples) -> dict[str, Any]:
    """Returns what the log tells of them."""
    return {f"real_bpp_q{quality}": bpp for quality, bpp in samples.real_bpp.items()}
