"""Decodes a file and says whether its caption is likely that of the picture."""

from dataclasses import replace

import numpy as np

from sidelight.captions.canonical import canonical_caption
from sidelight.carriers.carrier import KNOT_QUALITIES
from sidelight.codec.info import FileInfo, SltInfo
from sidelight.codec.opened import OpenedFile
from sidelight.metrics.caption_match import CaptionMatcher
from sidelight.pixels.picture import Picture

_KNOT_BPP = (0.06, 0.15, 0.3, 0.45, 0.9)
"""Rates of .slt files at ``KNOT_QUALITIES``, on Kodak."""


def decode_checked(
    opened: OpenedFile,
    matcher: CaptionMatcher,
    caption: str | None = None,
    *,
    drop: bool = False,
    realism: float | None = None,
    precision: str = "auto",
) -> Picture:
    """Returns the picture of a file; its ``notes`` tell how well the caption fits.

    The caption is compared with the picture as it decodes without any, so that it cannot testify
    for itself.

    Args:
        opened: The file.
        matcher: Compares.
        caption: As for ``OpenedFile.decode``, as are ``realism`` and ``precision``.
        drop: Whether a caption that does not fit is left out.
        realism: As there.
        precision: As there.
    """
    caption = canonical_caption(opened.caption_read(caption))
    plain = opened.decode("", realism=realism, precision=precision)
    if not caption:
        return plain
    score = matcher.score(caption, plain.image)
    threshold = matcher.threshold(quality_of(opened.info))
    fits = score >= threshold
    measured = f"caption match {score:.2f}, the threshold is {threshold:.2f}"
    if fits or not drop:
        picture = opened.decode(caption, realism=realism, precision=precision)
        told = () if fits else ("this may be the caption of another picture",)
    else:
        picture = plain
        told = ("this may be the caption of another picture: decoded without it",)
    return replace(picture, notes=(*picture.notes, measured, *told))


def quality_of(info: FileInfo) -> float:
    """Returns the quality, 1 to 9, of a .slt file, or of one at an ordinary file's rate."""
    if isinstance(info, SltInfo):
        return info.quality
    rate = max(info.coded_bpp, _KNOT_BPP[0])
    return float(np.interp(np.log(rate), np.log(_KNOT_BPP), KNOT_QUALITIES))
