"""Opens picture files for their pixels and metadata, without what neither needs.

Pillow warns of damaged metadata for the whole process, and has switches that hold for the whole
process. So it is given JPEG and PNG without their metadata, which are read here, and a stream that
does not end quietly.
"""

import contextlib
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

from PIL import Image, ImageFile, JpegImagePlugin, WebPImagePlugin

from sidelight.errors import ImageError
from sidelight.pixels.bombs import ICON, check_claims, check_icons, check_scans
from sidelight.pixels.boxes import Box, find_boxes
from sidelight.pixels.jpeg_segments import clean_jpeg
from sidelight.pixels.kinds import FIRST_FRAME, FORMATS, is_heic, is_jpeg, register_heic, unread
from sidelight.pixels.modes import reduced_from
from sidelight.pixels.png_chunks import clean_png, is_png, signal_notes
from sidelight.pixels.size import check_size

_PREFIX_BYTES = 16
_DEPTH_BYTE, _HIGH_BITDEPTH, _TWELVE_BIT = 2, 0x40, 0x20  # of an av1C box (AV1-ISOBMFF 2.3.3)
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_NOT_THIS_FORMAT = (SyntaxError, IndexError, TypeError, struct.error)


class Opened(NamedTuple):
    """An image whose header is read and whose pixels are not."""

    image: Image.Image
    """EXIF and XMP are in its ``info``, IPTC records too, under "iptc"."""
    data: bytes
    """What Pillow reads the pixels from."""
    notes: tuple[str, ...]


class WholeFile(BytesIO):
    """A file in memory whose end is an error where Pillow would take half a picture for a whole.

    It does where a program has set ``ImageFile.LOAD_TRUNCATED_IMAGES``, for all of its threads.
    """

    expects_more = False

    def read(self, size: int | None = -1) -> bytes:
        """Returns the next bytes."""
        found = super().read(size)
        if self.expects_more and size != 0 and not found and ImageFile.LOAD_TRUNCATED_IMAGES:
            raise ImageError("picture is truncated; fetch or export it again")
        return found


class _FirstFrame(WebPImagePlugin.WebPImageFile):
    """A WebP that gives one frame.

    Its decoder holds two canvases of four bytes a pixel, beside the frame and Pillow's copy of it.
    """

    def _get_next(self) -> tuple[bytes, int, int]:
        frame = super()._get_next()
        self._decoder = None
        return frame


def open_picture(data: bytes, *, max_pixels: int | None) -> Opened:
    """Returns a picture file opened; JPEG XL is another module's.

    Raises:
        ImageError: It is of no format that is read, damaged, or too large.
    """
    notes: tuple[str, ...] = ()
    info: dict[str | tuple[int, int], Any] = {}
    formats: tuple[str, ...] = FORMATS
    if not data:
        raise unread(data)
    if is_png(data):
        data, notes = clean_png(data)
    elif is_jpeg(data):
        check_scans(data)
        data, info, notes = clean_jpeg(data)
    elif data.startswith(ICON):
        check_icons(data, max_pixels)
    elif is_heic(data):
        register_heic()
        formats = ("HEIF",)
    image = _identify(data, formats)
    if image is None:
        raise unread(data)
    check_claims(image, data, max_pixels)
    image.info |= info
    if image.format == "TIFF" and data.startswith(_TIFF_STARTS):
        image.info["exif"] = data  # a TIFF is an EXIF block, with much that is none
    if image.format == "AVIF":
        notes += _notes_on_properties(data, has_profile=bool(image.info.get("icc_profile")))
    if image.format == "HEIF" and image.info.get("bit_depth", 8) > 8:
        notes += (reduced_from(image.info["bit_depth"]),)
    # Layers of a PSD are no frames: Pillow reads the merged picture.
    if image.format != "PSD" and getattr(image, "is_animated", False):
        notes = (FIRST_FRAME, *notes)
    return Opened(image, data, notes)


def load_pixels(image: Image.Image, *, max_pixels: int | None) -> None:
    """Decodes the pixels of an opened image.

    Raises:
        ImageError: They are not all there, or more than was said. Of broken ones Pillow raises
            whatever it met.
    """
    stream = getattr(image, "fp", None)
    if isinstance(stream, WholeFile):
        stream.expects_more = True
    image.load()
    if hasattr(image, "_decoder"):
        image._decoder = None  # of AVIF, which keeps the pixels once more
    check_size(*image.size, max_pixels=max_pixels)  # ICNS learns it only now


def _identify(data: bytes, formats: tuple[str, ...]) -> Image.Image | None:
    """Returns what ``Image.open`` would; that also applies limits that hold for all the process."""
    Image.preinit()
    prefix = data[:_PREFIX_BYTES]
    for name in formats:
        if name not in Image.OPEN:
            Image.init()
        factory, accept = Image.OPEN.get(name, (None, None))
        if name == "JPEG":
            factory = JpegImagePlugin.JpegImageFile  # its further pictures are not looked at
        elif name == "WEBP":
            factory = _FirstFrame
        with contextlib.suppress(*_NOT_THIS_FORMAT):
            if factory is not None and (accept is None or accept(prefix) is True):
                return factory(WholeFile(data), "")
    return None


def _notes_on_properties(data: bytes, *, has_profile: bool) -> tuple[str, ...]:
    """Returns notes on an AVIF file's bits a sample, and on a colour stated by code points."""
    colours: list[tuple[int, int]] = []
    depth = 8
    with contextlib.suppress(ImageError):
        for box in _properties(data):
            payload = data[box.start : box.end]
            if box.kind == b"av1C" and len(payload) > _DEPTH_BYTE:
                flags = payload[_DEPTH_BYTE]
                if flags & _HIGH_BITDEPTH:
                    depth = max(depth, 12 if flags & _TWELVE_BIT else 10)
            elif box.kind == b"colr" and payload.startswith(b"nclx") and len(payload) >= 8:
                colours.append(struct.unpack_from(">2H", payload, 4))
    signal = signal_notes(*colours[0]) if colours and not has_profile else ()
    return (*signal, reduced_from(depth)) if depth > 8 else signal


def _properties(data: bytes) -> Iterator[Box]:
    """Yields what an AVIF file says of its items.

    Raises:
        ImageError: A box is broken.
    """
    inside = _box(data, b"meta", Box(b"", 0, len(data)))
    properties = inside and _box(data, b"iprp", inside._replace(start=inside.start + 4))
    listed = properties and _box(data, b"ipco", properties)
    if listed:
        yield from find_boxes(data, listed.start, listed.end)


def _box(data: bytes, kind: bytes, inside: Box) -> Box | None:
    return next((b for b in find_boxes(data, inside.start, inside.end) if b.kind == kind), None)
