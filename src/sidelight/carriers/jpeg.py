"""JPEG (ITU-T T.81) by libjpeg-turbo inside Pillow."""

from sidelight.carriers.carrier import Carrier
from sidelight.errors import ImageError
from sidelight.pixels.encoding import PictureFormat, encode_as
from sidelight.pixels.jpeg_segments import segments
from sidelight.pixels.kinds import is_jpeg
from sidelight.pixels.picture import Picture

_COM = 0xFE
_APP = range(0xE0, 0xF0)
_MOST_EXIF_BYTES = 0xFFFF - 2
"""What a segment holds beside its length."""
_MOST_XMP_BYTES = _MOST_EXIF_BYTES - len(b"http://ns.adobe.com/xap/1.0/\0")


def _write(picture: Picture, own_quality: int, effort: int) -> bytes:  # noqa: ARG001
    _check_fits("XMP", picture.xmp, _MOST_XMP_BYTES, "shorten the caption")
    _check_fits("EXIF", picture.exif, _MOST_EXIF_BYTES, "shorten it")
    # progressive files are smaller at low rates; 4:2:0 is every program's choice there
    options = {"quality": own_quality, "subsampling": "4:2:0", "progressive": True}
    return encode_as(picture, PictureFormat("JPEG", metadata=True, options=options))


def _check_fits(name: str, block: bytes | None, limit: int, advice: str) -> None:
    if block is not None and len(block) > limit:
        raise ImageError(
            f"the {name} takes {len(block)} bytes, JPEG holds at most {limit}; {advice}, give "
            "--strip, or write AVIF or WebP"
        )


def _coded_bytes(data: bytes) -> int:
    """Returns the size of tables, frame and scans: without APPn, comments and what follows EOI."""
    return sum(size for marker, size in segments(data) if marker not in _APP and marker != _COM)


JPEG = Carrier(
    name="jpeg",
    title="JPEG",
    suffixes=(".jpg", ".jpeg"),
    max_side_px=65500,  # of libjpeg; the format has 65535
    has_alpha=False,
    own_qualities=range(1, 96),  # above, files grow and pictures do not
    knots=(1, 5, 12, 19, 53),  # python -m benchmarks.rd.carrier_rates
    starts=is_jpeg,
    write=_write,
    effort=9,
    has_efforts=False,
    coded_bytes=_coded_bytes,
    drawn_range=(0.5, 1.2),
)
