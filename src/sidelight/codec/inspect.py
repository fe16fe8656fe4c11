"""Pictures of what the text and the bits did to one file (paper figure 10).

Axes: b batch, h and w picture height and width.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from sidelight.bitstream.quality import LATENT_STRIDE
from sidelight.captions.canonical import canonical_caption
from sidelight.codec.carrier_codec import OpenedCarrier
from sidelight.codec.codec import OpenedSlt
from sidelight.codec.opened import OpenedFile
from sidelight.errors import TextError
from sidelight.pixels.picture import to_pillow

# dark blue, teal, yellow: rises in brightness, so it also reads in gray print
_COLOURS = np.array([(18, 24, 70), (24, 96, 120), (60, 170, 120), (190, 210, 70), (255, 240, 150)])
_BAR_PX, _TEXT_PX, _MARGIN_PX = 14, 14, 8
_PICTURE_SHARE = 0.35
"""How much of the picture shines through a map."""


class Inspected(NamedTuple):
    """Pictures by their names, and what decoding says of the file."""

    images: dict[str, Image.Image]
    notes: tuple[str, ...]


def inspect_slt(opened: OpenedSlt, caption: str, realism: float | None = None) -> Inspected:
    """Returns decodes with and without text, their difference, masks and bits.

    Raises:
        TextError: There is no caption, or the model reads none, so there is nothing to compare.
        ConfigError: ``realism`` is given: these files have no dial.
    """
    _check_caption(caption)
    config = opened.codec.model.config
    if not config.reads_text:
        raise TextError(f"model {config.name} reads no caption: nothing to compare")
    shown, notes = _with_and_without(opened, caption, realism)
    with_text = shown["with-text"]
    (bits,) = opened.bits() / LATENT_STRIDE**2
    bits_map = _to_picture_size(bits, with_text.size)
    high = float(np.percentile(bits_map, 99.5))
    bits_shown = heat_map(bits_map, with_text, title="bits per pixel", high=high)
    return Inspected({**shown, "bits": bits_shown}, notes)


def inspect_carrier(opened: OpenedCarrier, caption: str, realism: float | None = None) -> Inspected:
    """Returns the carrier's own picture, improved with and without text, changes and masks.

    Raises:
        TextError: There is no caption, so there is nothing to compare.
        ConfigError: ``realism`` is out of range.
    """
    _check_caption(caption)
    carrier = to_pillow(opened.plain).convert("RGB")
    shown, notes = _with_and_without(opened, caption, realism)
    residual = _change(carrier, shown["with-text"], "change of the picture")
    return Inspected({"carrier": carrier, "residual": residual, **shown}, notes)


def _check_caption(caption: str) -> None:
    if not canonical_caption(caption):
        raise TextError("inspect compares with and without a caption: give one (--caption)")


def _with_and_without(opened: OpenedFile, caption: str, realism: float | None = None) -> Inspected:
    """Returns what a caption does to any file: both decodes, their difference, masks."""
    pictures = [opened.decode(given, realism=realism, precision="fp32") for given in (caption, "")]
    with_text, without_text = (to_pillow(picture).convert("RGB") for picture in pictures)
    masks = opened.masks(caption, realism=realism)
    images = {
        "with-text": with_text,
        "without-text": without_text,
        "difference": _change(without_text, with_text, "change by the caption"),
        "masks": _masks(masks, with_text),
    }
    return Inspected(images, pictures[0].notes)


def _change(before: Image.Image, after: Image.Image, title: str) -> Image.Image:
    difference = np.abs(np.asarray(after, np.float32) - np.asarray(before)).mean(2)
    peak = max(float(np.percentile(difference, 99.9)), 1e-3)
    return heat_map(difference, after, title=f"{title}, 8-bit levels", high=peak)


def _masks(masks: Sequence[np.ndarray], picture: Image.Image) -> Image.Image:
    return _sheet(
        [
            heat_map(
                mask[: picture.height, : picture.width],
                picture,
                title=f"SSA mask {k + 1} of {len(masks)}: mean {mask.mean():.2f}",
                low=float(mask.min()),
                high=float(mask.max()),
            )
            for k, mask in enumerate(masks)
        ]
    )


def heat_map(
    values: np.ndarray, picture: Image.Image, *, title: str, high: float, low: float = 0.0
) -> Image.Image:
    """Returns ``values`` (h, w) in colour over the gray picture, with a title and a scale.

    Values from ``low`` to ``high`` run from dark blue to yellow.
    """
    share = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    gray = np.asarray(picture.convert("L"), np.float32)[..., None].repeat(3, axis=2)
    blended = (1 - _PICTURE_SHARE) * _colour(share) + _PICTURE_SHARE * gray
    height, width = values.shape
    head = _TEXT_PX + _BAR_PX + 3 * _MARGIN_PX
    sheet = Image.new("RGB", (max(width, 260), height + head), "white")
    sheet.paste(Image.fromarray(blended.round().astype(np.uint8)), (0, head))
    pen = ImageDraw.Draw(sheet)
    pen.text((_MARGIN_PX, _MARGIN_PX // 2), title, fill="black", font_size=_TEXT_PX)
    _draw_scale(sheet, pen, low, high)
    return sheet


def _draw_scale(sheet: Image.Image, pen: ImageDraw.ImageDraw, low: float, high: float) -> None:
    top = _TEXT_PX + 2 * _MARGIN_PX
    words = [f"{value:.3g}" for value in (low, high)]
    left = 2 * _MARGIN_PX + int(pen.textlength(words[0], font_size=_TEXT_PX))
    right = sheet.width - 2 * _MARGIN_PX - int(pen.textlength(words[1], font_size=_TEXT_PX))
    ramp = _colour(np.linspace(0, 1, right - left)[None].repeat(_BAR_PX, axis=0))
    sheet.paste(Image.fromarray(ramp.round().astype(np.uint8)), (left, top))
    pen.text((_MARGIN_PX, top - 2), words[0], fill="black", font_size=_TEXT_PX)
    pen.text((right + _MARGIN_PX, top - 2), words[1], fill="black", font_size=_TEXT_PX)


def _colour(share: np.ndarray) -> np.ndarray:
    """Returns RGB levels (h, w, 3) for values in [0, 1]."""
    places = np.linspace(0, 1, len(_COLOURS))
    return np.stack([np.interp(share, places, _COLOURS[:, k]) for k in range(3)], axis=2)


def _to_picture_size(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns values of latent positions (h, w) as a map of a picture, size given as in PIL."""
    grown = values.repeat(LATENT_STRIDE, axis=0).repeat(LATENT_STRIDE, axis=1)
    return grown[: size[1], : size[0]]


def _sheet(images: Sequence[Image.Image]) -> Image.Image:
    """Returns the images in two columns."""
    width, height = images[0].size
    rows = -(-len(images) // 2)
    sheet = Image.new("RGB", (2 * width + _MARGIN_PX, rows * (height + _MARGIN_PX)), "white")
    for k, image in enumerate(images):
        sheet.paste(image, ((k % 2) * (width + _MARGIN_PX), (k // 2) * (height + _MARGIN_PX)))
    return sheet
