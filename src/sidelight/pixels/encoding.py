"""Picture -> bytes of a picture file."""

import dataclasses
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType
from typing import NamedTuple

from sidelight.errors import ImageError
from sidelight.pixels.picture import Picture, to_pillow


class _Format(NamedTuple):
    """What a file format takes, and how Pillow is to write it."""

    name: str
    alpha: bool = False
    metadata: bool = False
    gray_profile: bool = True
    options: Mapping[str, object] = MappingProxyType({})


_PNG = _Format(
    "PNG",
    alpha=True,
    metadata=True,
    options={"compress_level": 3},  # half the time of the default, for about the same size
)
_WEBP = _Format(
    "WEBP",
    alpha=True,
    metadata=True,
    gray_profile=False,  # always RGB inside
    options={"lossless": True, "exact": True},  # exact: colour under alpha is kept
)
_TIFF = _Format("TIFF", alpha=True, metadata=True)  # Pillow cannot write EXIF when it compresses
_JPEG = _Format("JPEG", metadata=True, options={"quality": 95, "subsampling": "4:4:4"})
_AVIF = _Format(
    "AVIF",
    alpha=True,
    metadata=True,
    gray_profile=False,  # gray with alpha becomes RGB inside
    options={"quality": 95, "subsampling": "4:4:4"},
)
_BMP = _Format("BMP")
_PPM = _Format("PPM")

_FORMATS = {
    "png": _PNG,
    "webp": _WEBP,
    "tif": _TIFF,
    "tiff": _TIFF,
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "avif": _AVIF,
    "bmp": _BMP,
    "ppm": _PPM,
    "pgm": _PPM,
    "pnm": _PPM,
}


def encode_picture(picture: Picture, format: str) -> bytes:
    """Returns the picture in a format named by its suffix, such as "png" or "jpg".

    Profile and EXIF are written where the format takes them. WebP, PNG, TIFF, BMP and PPM are
    lossless, JPEG and AVIF of high quality without chroma subsampling.

    Raises:
        ImageError: An unknown format, or one that cannot hold this picture.
    """
    chosen = _FORMATS.get(format.lower())
    if chosen is None:
        raise ImageError(f"cannot write format {format!r}; possible are {', '.join(_FORMATS)}")
    if picture.alpha is not None and not chosen.alpha:
        raise ImageError(
            f"{chosen.name} has no alpha channel and this picture needs one; use PNG or WebP"
        )
    if picture.gray and not chosen.gray_profile:
        picture = dataclasses.replace(picture, icc=None)
    image = to_pillow(picture)
    options = dict(chosen.options)
    if picture.gray:
        options.pop("subsampling", None)  # else AVIF adds chroma, and gray comes back as colour
    if chosen.metadata:
        options |= {key: image.info[key] for key in ("icc_profile", "exif") if key in image.info}
    stream = BytesIO()
    try:
        image.save(stream, chosen.name, **options)
    except Exception as error:  # each encoder has limits and exceptions of its own
        size = f"{picture.width}x{picture.height}"
        raise ImageError(
            f"{chosen.name} cannot hold this picture of {size} px ({error}); use PNG"
        ) from error
    return stream.getvalue()
