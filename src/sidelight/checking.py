"""Decodes a file and says whether its caption is likely that of the picture."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sidelight.bitstream.container import Container
from sidelight.bitstream.header import MAGIC
from sidelight.carriers.carrier import KNOT_QUALITIES
from sidelight.carriers.reading import read
from sidelight.config import step_to_quality
from sidelight.pixels.picture import Picture
from sidelight.text.canonical import canonical_caption
from sidelight.text.matching import CaptionMatcher

_KNOT_BPP = (0.06, 0.15, 0.3, 0.45, 0.9)
"""Rates of .slt files at ``KNOT_QUALITIES``, on Kodak."""


def decode_checked(
    decode: Callable[[str], Picture],
    matcher: CaptionMatcher,
    caption: str | None,
    *,
    quality: float,
    drop: bool = False,
) -> Picture:
    """Returns the picture of a file; its ``notes`` tell how well the caption fits.

    The caption is compared with the picture as it decodes without any, so that it cannot testify
    for itself.

    Args:
        decode: Decodes the file with a caption; "" is none.
        matcher: Compares.
        caption: "" or None for none.
        quality: Of the file, 1 to 9, which the matcher's threshold depends on.
        drop: Whether a caption that does not fit is left out.
    """
    caption = canonical_caption(caption)
    plain = decode("")
    if not caption:
        return plain
    score, threshold = matcher.score(caption, plain.image), matcher.threshold(quality)
    fits = score >= threshold
    measured = f"caption match {score:.2f}, the threshold is {threshold:.2f}"
    if fits or not drop:
        picture = decode(caption)
        told = () if fits else ("this may be the caption of another picture",)
    else:
        picture = plain
        told = ("this may be the caption of another picture: decoded without it",)
    return replace(picture, notes=(*picture.notes, measured, *told))


def quality_of(data: bytes) -> float:
    """Returns the quality, 1 to 9, of a .slt file, or of one at an ordinary file's rate.

    Raises:
        BitstreamError: It is no sound .slt file.
        ImageError: It is no sound file of a carrier.
    """
    if data.startswith(MAGIC):
        return step_to_quality(Container.parse(data).quality_step)
    rate = max(read(data).coded_bpp, _KNOT_BPP[0])
    return float(np.interp(np.log(rate), np.log(_KNOT_BPP), KNOT_QUALITIES))
