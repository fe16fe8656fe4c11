"""Bytes of a picture file -> Picture. Whatever the bytes, only ImageError and MemoryError leave."""

import dataclasses
import warnings
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from sidelight.errors import ImageError, is_out_of_memory
from sidelight.limits import MAX_PIXELS
from sidelight.pixels.depth import settle_depth
from sidelight.pixels.jpeg_xl import decode_jpeg_xl, is_jpeg_xl
from sidelight.pixels.picture import Picture, from_pillow
from sidelight.pixels.size import check_size

PROGRAM_FORMATS = frozenset(
    {"EPS", "IPTC"}
)  # Pillow hands EPS to Ghostscript; IPTC may wrap an EPS


def decode_picture(data: bytes) -> Picture:
    """Returns the first frame of a picture file in any format that Pillow reads, or JPEG XL.

    Raises:
        ImageError: The bytes are no picture, a broken one, or too large; or they are JPEG XL and
            the extra ``jxl`` is not installed.
        MemoryError: There was not enough.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return decode_jpeg_xl(data) if is_jpeg_xl(data) else _decode(data)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        start = f"that start with {data[:8].hex(' ')}" if data else "in all"
        raise ImageError(
            f"not a picture, or one without pixels: {len(data)} bytes {start}; "
            "expected PNG, JPEG, WebP, AVIF, JPEG XL, TIFF, GIF, BMP or another format that Pillow "
            "reads"
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"more than {MAX_PIXELS} px; scale the picture down or cut it") from error
    except Exception as error:  # Pillow's plug-ins raise whatever their parser met
        if is_out_of_memory(error):
            raise MemoryError from error
        raise ImageError(
            f"picture is truncated or broken ({error or type(error).__name__}); "
            "fetch or export it again"
        ) from error


def _decode(data: bytes) -> Picture:
    with Image.open(BytesIO(data)) as image:
        if image.format in PROGRAM_FORMATS:
            raise ImageError(f"{image.format} files can run programs; convert it to PNG first")
        check_size(*image.size)
        # Layers of a PSD are no frames: Pillow reads the merged picture.
        animated = image.format != "PSD" and getattr(image, "is_animated", False)
        image.load()
        check_size(*image.size)  # ICO and ICNS learn it only now
        settled, notes = settle_depth(image, data)
        picture = from_pillow(settled)
    if animated:
        notes = ("only the first frame is kept", *notes)
    return dataclasses.replace(picture, notes=notes + picture.notes)
