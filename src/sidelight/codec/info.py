"""What a file holds, without decoding its picture where that can be: needs no torch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidelight.bitstream.container import Container, section_sizes
from sidelight.bitstream.header import MAGIC, VERSION
from sidelight.bitstream.quality import step_to_quality
from sidelight.pixels.rate import bits_per_pixel

if TYPE_CHECKING:
    from sidelight.carriers.reading import CarrierFile

_PLACES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SltInfo:
    """What a .slt file holds."""

    format_version: int
    model: str
    """Fingerprint of the model that decodes it, in hexadecimal."""
    width: int
    height: int
    quality: float
    """1 to 9."""
    gray: bool
    bytes: int
    bpp: float
    section_bytes: dict[str, int]
    latents_crc: str
    caption: str | None
    """The one inside."""
    caption_digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierInfo:
    """What an ordinary AVIF, JPEG, WebP or JPEG XL file holds."""

    codec: str
    width: int
    height: int
    gray: bool
    alpha: bool
    bytes: int
    bpp: float
    coded_bytes: int
    """Of the coded pixels alone."""
    coded_bpp: float
    metadata_bytes: dict[str, int]
    caption: str | None
    """The one inside, in XMP."""
    notes: tuple[str, ...]


FileInfo = SltInfo | CarrierInfo


def read_info(data: bytes, *, max_pixels: int | None = None) -> FileInfo:
    """Returns what a whole file holds, after checking that it is sound.

    Ordinary pictures are decoded for that, those larger than ``max_pixels`` are refused.

    Raises:
        BitstreamError: It is a broken .slt file.
        ImageError: It is no .slt file, and none of a carrier or a broken one.
    """
    if data.startswith(MAGIC):
        return slt_info(Container.parse(data), data)
    from sidelight.carriers.reading import read

    return carrier_info(read(data, max_pixels=max_pixels))


def slt_info(container: Container, data: bytes) -> SltInfo:
    """Returns what a parsed .slt file holds."""
    digest = container.caption_digest
    return SltInfo(
        format_version=VERSION,
        model=container.model.hex(),
        width=container.width,
        height=container.height,
        quality=step_to_quality(container.quality_step),
        gray=container.gray,
        bytes=len(data),
        bpp=round(bits_per_pixel(len(data), container), _PLACES),
        section_bytes=section_sizes(data),
        latents_crc=f"{container.latents_crc:08x}",
        caption=container.caption,
        caption_digest=digest.hex() if digest else None,
    )


def carrier_info(file: "CarrierFile") -> CarrierInfo:
    """Returns what a carrier's file, already read, holds."""
    from sidelight.captions.metadata import caption_in_packet

    picture = file.picture
    blocks = (("icc", picture.icc), ("exif", picture.exif), ("xmp", picture.xmp))
    return CarrierInfo(
        codec=file.codec,
        width=picture.width,
        height=picture.height,
        gray=picture.gray,
        alpha=picture.alpha is not None,
        bytes=file.file_bytes,
        bpp=round(bits_per_pixel(file.file_bytes, picture), _PLACES),
        coded_bytes=file.coded_bytes,
        coded_bpp=round(file.coded_bpp, _PLACES),
        metadata_bytes={name: len(block) for name, block in blocks if block is not None},
        caption=caption_in_packet(picture.xmp) or None,
        notes=picture.notes,
    )
