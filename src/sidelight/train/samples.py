"""Sample pictures of a run: real files of its averaged weights, decoded with and without text."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

import numpy as np
from torch import Tensor

from sidelight.bitstream.quality import MAX_QUALITY, MIN_QUALITY
from sidelight.codec.joint_codec import codec_of
from sidelight.codec.stored import Checkpoint
from sidelight.models.config import CodecConfig
from sidelight.models.exported import ExportedCodec
from sidelight.models.registry import build_codec
from sidelight.pixels.picture import Picture
from sidelight.text.encoder import TextEncoder
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage
from sidelight.train.objective import Samples

NUM_SAMPLES = 4


def code_samples(
    config: CodecConfig,
    weights: Mapping[str, Tensor],
    pictures: Sequence[CaptionedImage | CaptionedFile],
    encoder: TextEncoder,
) -> Samples:
    """Returns the first pictures as a decoder would show them, at each trained level.

    A strip is the original, decoded with text and decoded without; rates are those of whole files.
    The files of a joint codec open with their caption only: its strips end there.
    """
    model = build_codec(config)
    model.load_state_dict({name: value.cpu() for name, value in weights.items()})
    codec = codec_of(Checkpoint(ExportedCodec(model.eval()), encoder.identity, {}), encoder)
    joint = codec.model.encoder_reads_text
    strips: dict[str, np.ndarray] = {}
    rates: dict[str, list[float]] = {}
    for picture in pictures[:NUM_SAMPLES]:
        image, caption = picture.image, picture.captions[0]
        for quality in _qualities(config.num_levels):
            needed = caption if joint else None
            data = codec.encode(
                Picture(image=image), quality=quality, caption=needed, caption_as="digest"
            )
            shown = [codec.decode(data, c).image for c in (caption, "")[: 1 if joint else 2]]
            strips[f"{picture.key}-q{quality:g}"] = np.concatenate([image, *shown], axis=1)
            bpp = 8 * len(data) / (image.shape[0] * image.shape[1])
            rates.setdefault(f"real_bpp_q{quality:g}", []).append(bpp)
    return Samples(strips, {name: fmean(values) for name, values in rates.items()})


def _qualities(num_levels: int) -> Iterator[float]:
    for level in range(num_levels):
        share = level / max(num_levels - 1, 1)
        yield MIN_QUALITY + share * (MAX_QUALITY - MIN_QUALITY)
