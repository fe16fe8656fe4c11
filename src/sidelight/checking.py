"""Decodes a file and says whether its caption is likely that of the picture."""

from dataclasses import replace

from sidelight.bitstream.container import Container
from sidelight.codec import Codec
from sidelight.config import step_to_quality
from sidelight.pixels.picture import Picture
from sidelight.text.canonical import canonical_caption
from sidelight.text.matching import CaptionMatcher


def decode_checked(
    codec: Codec,
    matcher: CaptionMatcher,
    data: bytes,
    text: str | None = None,
    *,
    fallback: bool = False,
    precision: str = "auto",
) -> Picture:
    """Returns the picture of a .slt file; its ``notes`` tell how well the caption fits.

    The caption is compared with the picture as it decodes without any, so that it cannot testify
    for itself.

    Args:
        codec: Decodes.
        matcher: Compares.
        data: The whole file.
        text: The caption; "" for none; None for the one inside the file, if any.
        fallback: Whether a caption that does not fit is left out.
        precision: As for ``Codec.decode``, whose errors are raised here too.
    """
    container = Container.parse(data)
    caption = canonical_caption(container.caption if text is None else text)
    plain = codec.decode(data, "", precision=precision)
    if not caption:
        return plain
    score = matcher.score(caption, plain.image)
    threshold = matcher.threshold(step_to_quality(container.quality_step))
    fits = score >= threshold
    measured = f"caption match {score:.2f}, the threshold is {threshold:.2f}"
    if fits or not fallback:
        picture = codec.decode(data, caption, precision=precision)
        told = () if fits else ("this may be the caption of another picture",)
    else:
        picture = plain
        told = ("this may be the caption of another picture: decoded without it",)
    return replace(picture, notes=(*picture.notes, measured, *told))
