"""The metadata of a picture file, without its pixels."""

import contextlib
from typing import NamedTuple

from sidelight.limits import MAX_PIXELS
from sidelight.pixels.encodings import utf8_packet
from sidelight.pixels.jpeg_xl import is_jpeg_xl, read_boxed_metadata
from sidelight.pixels.opening import open_picture
from sidelight.pixels.stated import stated_exif, stated_iptc, stated_xmp


class Metadata(NamedTuple):
    """Blocks as they lie in the file; b"" for those that do not."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""


def read_metadata(data: bytes) -> Metadata:
    """Returns the metadata of a picture file. What cannot be read has none: that is no error."""
    with contextlib.suppress(Exception):  # Pillow's plug-ins raise whatever their parser met
        if is_jpeg_xl(data):
            info, _ = read_boxed_metadata(data)
            return Metadata(info.get("exif", b""), utf8_packet(info["xmp"]))
        with open_picture(data, max_pixels=MAX_PIXELS).image as image:
            return Metadata(stated_exif(image), stated_xmp(image), stated_iptc(image))
    return Metadata()
