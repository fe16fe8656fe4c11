"""The picture that the codec works on, and its way from and to Pillow.

Axes: h rows, w columns.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from sidelight.pixels.exif import read_exif
from sidelight.pixels.gamma import gamma_to_srgb
from sidelight.pixels.modes import split_planes
from sidelight.pixels.orientation import turn_upright
from sidelight.pixels.profiles import fit_profile
from sidelight.pixels.strips import row_strips
from sidelight.pixels.xmp import read_xmp


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """Upright 8-bit pixels with what a viewer needs to show them as they were meant."""

    image: np.ndarray
    """RGB, uint8 (h, w, 3)."""

    alpha: np.ndarray | None = None
    """Opacity, uint8 (h, w), not premultiplied; None where every pixel is opaque."""

    gray: bool = False
    """True where the source was gray: shown and written as one plane."""

    icc: bytes | None = None
    """Profile that fits the pixels as they are now; None means sRGB."""

    exif: bytes | None = None
    """EXIF block from ``Exif\\0\\0`` on, without an orientation: the pixels are upright."""

    xmp: bytes | None = None
    """XMP packet without what is true of one file only; ``.slt`` files do not carry it."""

    notes: tuple[str, ...] = ()
    """Conversions that a user should hear of."""

    def __post_init__(self) -> None:
        image, alpha = self.image, self.alpha
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise ValueError(f"image must be uint8 (h, w, 3), got {image.dtype} {image.shape}")
        if alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != image.shape[:2]):
            raise ValueError(
                f"alpha must be uint8 {image.shape[:2]}, got {alpha.dtype} {alpha.shape}"
            )

    @property
    def width(self) -> int:
        """Columns in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Rows in pixels."""
        return int(self.image.shape[0])


def from_pillow(image: Image.Image, *, is_upright: bool = False) -> Picture:
    """Returns the picture upright and in 8 bits, whatever mode Pillow gave it.

    Args:
        image: With profile, EXIF and XMP in its ``info``.
        is_upright: Whether its pixels are so already, and a stated orientation is to be ignored.

    Raises:
        ImageError: The samples have no single right reading in 8 bits.
    """
    exif, xmp = read_exif(image, is_upright=is_upright), read_xmp(image)
    planes = split_planes(image, exif.orientation)
    icc, icc_notes = fit_profile(image, gray=planes.gray)
    colours, gamma_notes = gamma_to_srgb(planes.image, image)
    alpha = planes.alpha
    if alpha is not None:
        alpha = None if alpha.min() == 255 else turn_upright(alpha, exif.orientation)
    return Picture(
        image=turn_upright(colours, exif.orientation),
        alpha=alpha,
        gray=planes.gray,
        icc=icc,
        exif=exif.block,
        xmp=xmp.packet,
        notes=planes.notes + gamma_notes + icc_notes + exif.notes + xmp.notes,
    )


def to_pillow(picture: Picture) -> Image.Image:
    """Returns an image in mode RGB, RGBA, L or LA with profile, EXIF and XMP in ``info``.

    A gray picture keeps its plane exactly; where a codec let the three drift apart, their luma.
    """
    mode = ("L" if picture.gray else "RGB") + ("" if picture.alpha is None else "A")
    image = Image.new(mode, (picture.width, picture.height), None)
    for rows in row_strips(picture.height, picture.width):
        image.paste(_strip_of(picture, rows), (0, rows.start))
    if picture.icc is not None:
        image.info["icc_profile"] = picture.icc
    if picture.exif is not None:
        image.info["exif"] = picture.exif
    if picture.xmp is not None:
        image.info["xmp"] = picture.xmp
    return image


def _strip_of(picture: Picture, rows: slice) -> Image.Image:
    strip = Image.fromarray(np.ascontiguousarray(picture.image[rows]))
    if picture.gray:
        strip = strip.convert("L")
    if picture.alpha is not None:
        strip.putalpha(Image.fromarray(np.ascontiguousarray(picture.alpha[rows])))
    return strip
