"""Sample pictures of a carrier's run: AVIF files, plain and improved at both ends of the dial."""

import io
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
from PIL import Image
from torch import Tensor

from sidelight.models.carrier import CarrierGenerator
from sidelight.models.config import CarrierConfig
from sidelight.models.exported_carrier import ExportedCarrier
from sidelight.text.encoder import TextEncoder, embed_captions
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage, decode_rgb
from sidelight.train.objective import Samples

_NUM_SAMPLES = 4
_QUALITIES = (15, 35)
"""Of AVIF: about 0.12 and 0.3 bits per pixel."""


def improve_samples(
    config: CarrierConfig,
    weights: Mapping[str, Tensor],
    pictures: Sequence[CaptionedImage | CaptionedFile],
    encoder: TextEncoder,
) -> Samples:
    """Returns the first pictures as a decoder with these weights would show them.

    A strip is the original, the carrier's picture, that at realism 0, and that at realism 1 with
    its caption and without. PSNR is told for the carrier and for realism 0.
    """
    generator = CarrierGenerator(config)
    generator.load_state_dict({name: value.cpu() for name, value in weights.items()})
    model = ExportedCarrier(generator)
    strips: dict[str, np.ndarray] = {}
    values: dict[str, list[float]] = {}
    for picture in pictures[:_NUM_SAMPLES]:
        original = picture.image
        text = embed_captions([picture.captions[0], None], encoder, config.text_width)
        for quality in _QUALITIES:
            carrier = _through_avif(original, quality)
            shown = [
                model.improve(carrier[None], vector[None], realism)[0]
                for vector, realism in ((text[0], 0.0), (text[0], 1.0), (text[1], 1.0))
            ]
            strips[f"{picture.key}-avif{quality}"] = np.concatenate(
                [original, carrier, *shown], axis=1
            )
            for name, image in (("carrier", carrier), ("realism_0", shown[0])):
                values.setdefault(f"psnr_{name}_avif{quality}", []).append(_psnr(original, image))
    return Samples(strips, {name: fmean(each) for name, each in values.items()})


def _through_avif(image: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "AVIF", quality=quality, speed=6)
    return decode_rgb(stream.getvalue())


def _psnr(first: np.ndarray, second: np.ndarray) -> float:
    error = np.square(first.astype(np.float64) - second).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-10)))
