"""JPEG XL by libjxl (extra ``jxl``): imagecodecs writes, pylibjxl reads.

pylibjxl's own encoder leaves out the transform to XYB, which takes two to four times the bytes;
imagecodecs takes neither ICC profile nor EXIF nor XMP. So colours are converted to sRGB, and the
boxes of metadata are written here.
"""

import struct

from sidelight.carriers.carrier import Carrier
from sidelight.errors import ImageError
from sidelight.limits import MAX_SIDE
from sidelight.pixels.jpeg_xl import find_codestream, is_jpeg_xl, needs_package
from sidelight.pixels.picture import Picture, to_pillow
from sidelight.pixels.strips import to_array

_BOX_HEADER = struct.Struct(">I4s")
_SIGNATURE = b"\r\n\x87\n"
_FILE_TYPE = b"jxl \0\0\0\0jxl "
_EXIF_START = b"Exif\0\0"
_NO_OFFSET = bytes(4)


def _write(picture: Picture, own_quality: int, effort: int) -> bytes:
    needs_package("imagecodecs")
    import imagecodecs

    samples = to_array(to_pillow(picture))
    try:
        codestream = imagecodecs.jpegxl_encode(
            samples, distance=_distance(own_quality), effort=effort, numthreads=1
        )
    except (RuntimeError, ValueError) as error:
        size = f"{picture.width}x{picture.height}"
        raise ImageError(f"JPEG XL cannot hold this picture of {size} px: {error}") from None
    return _with_metadata(bytes(codestream), picture)


def _distance(own_quality: int) -> float:
    """Returns Butteraugli's distance at one of libjxl's qualities: 19.7 at 5, 0.19 at 99."""
    if own_quality >= 30:
        return 0.1 + 0.09 * (100 - own_quality)
    return 53 / 3000 * own_quality**2 - 23 / 20 * own_quality + 25


def _with_metadata(codestream: bytes, picture: Picture) -> bytes:
    """Returns a file in boxes, or the bare codestream where there is nothing to add."""
    if picture.exif is None and picture.xmp is None:
        return codestream
    boxes = [(b"JXL ", _SIGNATURE), (b"ftyp", _FILE_TYPE), (b"jxlc", codestream)]
    if picture.exif is not None:
        boxes.append((b"Exif", _NO_OFFSET + picture.exif.removeprefix(_EXIF_START)))
    if picture.xmp is not None:
        boxes.append((b"xml ", picture.xmp))
    return b"".join(
        _BOX_HEADER.pack(_BOX_HEADER.size + len(payload), kind) + payload for kind, payload in boxes
    )


def _coded_bytes(data: bytes) -> int:
    """Returns the size of the codestream; alpha and a profile are inside it and count."""
    return len(find_codestream(data))


JPEG_XL = Carrier(
    name="jxl",
    title="JPEG XL",
    suffixes=(".jxl",),
    max_side_px=MAX_SIDE,  # what is read again; the format has 2**30
    has_alpha=True,
    keeps_profile=lambda _: False,
    own_qualities=range(5, 100),  # below, libjxl halves the picture: larger files, slower
    knots=(5, 6, 21, 41, 73),  # python -m benchmarks.rd.carrier_rates
    starts=is_jpeg_xl,
    write=_write,
    effort=7,
    coded_bytes=_coded_bytes,
    drawn_range=(0.22, 0.46),
)
