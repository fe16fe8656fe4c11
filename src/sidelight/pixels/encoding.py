"""Picture -> bytes of a picture file."""

import dataclasses
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType
from typing import IO, Any, BinaryIO, NamedTuple, cast

from PIL import ExifTags, Image, PngImagePlugin

from sidelight.errors import ImageError
from sidelight.pixels.picture import Picture, to_pillow
from sidelight.pixels.srgb import to_srgb


class PictureFormat(NamedTuple):
    """What a file format takes, and how Pillow is to write it."""

    name: str
    """Pillow's own, such as PNG."""

    alpha: bool = False
    metadata: bool = False
    """Whether it takes ICC profile, EXIF and XMP."""

    gray_profile: bool = True
    options: Mapping[str, Any] = MappingProxyType({})
    """Of ``Image.save``."""


_PNG_XMP = "XML:com.adobe.xmp"

_PNG = PictureFormat(
    "PNG",
    alpha=True,
    metadata=True,
    options={"compress_level": 3},  # half the time of the default, for about the same size
)
_WEBP = PictureFormat(
    "WEBP",
    alpha=True,
    metadata=True,
    gray_profile=False,  # always RGB inside
    options={"lossless": True, "exact": True},  # exact: colour under alpha is kept
)
# not compressed, because Pillow cannot write EXIF then
_TIFF = PictureFormat("TIFF", alpha=True, metadata=True)
_JPEG = PictureFormat("JPEG", metadata=True, options={"quality": 95, "subsampling": "4:4:4"})
_AVIF = PictureFormat(
    "AVIF",
    alpha=True,
    metadata=True,
    gray_profile=False,  # gray with alpha becomes RGB inside
    options={"quality": 95, "subsampling": "4:4:4"},
)
_BMP = PictureFormat("BMP")
_PPM = PictureFormat("PPM")

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

    Profile, EXIF and XMP are written where the format takes them. WebP, PNG, TIFF, BMP and PPM are
    lossless, JPEG and AVIF of high quality without chroma subsampling.

    Raises:
        ImageError: An unknown format, or one that cannot hold this picture.
    """
    return encode_as(picture, format_for(picture, format))


def format_for(picture: Picture, format: str) -> PictureFormat:
    """Returns the format named by its suffix.

    Raises:
        ImageError: It is unknown, or has no alpha channel and the picture needs one.
    """
    check_format(format)
    chosen = _FORMATS[format.lower()]
    _check_alpha(picture, chosen)
    return chosen


def check_format(format: str) -> None:
    """Looks whether pictures can be written in a format named by its suffix.

    Raises:
        ImageError: They cannot.
    """
    if format.lower() not in _FORMATS:
        raise ImageError(f"cannot write format {format!r}; possible are {', '.join(_FORMATS)}")


def fitted(picture: Picture, format: str) -> Picture:
    """Returns the picture as a format holds it: without what that cannot, which ``notes`` say.

    Raises:
        ImageError: The format is unknown.
    """
    check_format(format)
    return _fitted(picture, _FORMATS[format.lower()])


def encode_as(picture: Picture, chosen: PictureFormat) -> bytes:
    """Returns the picture in a format, with what metadata that takes.

    Raises:
        ImageError: The format cannot hold this picture.
    """
    stream = BytesIO()
    write_as(picture, chosen, stream)
    return stream.getvalue()


def write_as(picture: Picture, chosen: PictureFormat, stream: BinaryIO) -> None:
    """Writes the picture in a format, piece by piece where that allows it.

    Args:
        picture: As for ``encode_as``.
        chosen: As there.
        stream: Its beginning is written over, where the format goes back to it.

    Raises:
        ImageError: The format cannot hold this picture.
        OSError: The stream cannot be written.
    """
    _check_alpha(picture, chosen)
    image = to_pillow(_fitted(picture, chosen))
    options = dict(chosen.options)
    if picture.gray:
        options.pop("subsampling", None)  # else AVIF adds chroma, and gray comes back as colour
    if chosen.metadata:
        options |= _metadata(image, chosen.name)
    try:
        image.save(cast("IO[bytes]", _Stream(stream)), chosen.name, **options)
    except Exception as error:  # each encoder has limits and exceptions of its own
        if isinstance(error, OSError) and error.errno is not None:
            raise  # no encoder's: the disk is full
        size = f"{picture.width}x{picture.height}"
        raise ImageError(
            f"{chosen.name} cannot hold this picture of {size} px ({error}); use PNG"
        ) from error


def _fitted(picture: Picture, chosen: PictureFormat) -> Picture:
    if not (chosen.metadata and (chosen.gray_profile or not picture.gray)):
        picture = to_srgb(picture)
    lost = [name for name in ("exif", "xmp") if getattr(picture, name) is not None]
    if chosen.metadata or not lost:
        return picture
    named = " and ".join(name.upper() for name in lost)
    notes = (*picture.notes, f"{named} left out, which {chosen.name} does not hold")
    return dataclasses.replace(picture, exif=None, xmp=None, notes=notes)


class _Stream:
    """A file without its number, by which Pillow would write it and pass over a write cut short."""

    def __init__(self, stream: BinaryIO) -> None:
        self.write, self.flush = stream.write, stream.flush
        self.seek, self.tell = stream.seek, stream.tell


def _check_alpha(picture: Picture, chosen: PictureFormat) -> None:
    if picture.alpha is not None and not chosen.alpha:
        raise ImageError(
            f"{chosen.name} has no alpha channel and this picture needs one; use PNG or WebP"
        )


def _metadata(image: Image.Image, name: str) -> dict[str, Any]:
    """Returns the options by which a format gets the metadata in ``image.info``."""
    kinds = ("icc_profile", "exif", "xmp")
    found: dict[str, Any] = {kind: image.info[kind] for kind in kinds if kind in image.info}
    if "xmp" in found and name == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt(_PNG_XMP, found.pop("xmp").decode("utf-8", errors="replace"))
        found["pnginfo"] = chunks
    if "xmp" in found and name == "TIFF":
        tags = Image.Exif()
        tags.load(found.get("exif", b""))
        tags[ExifTags.Base.XMLPacket] = found.pop("xmp")
        found["exif"] = tags
    return found
