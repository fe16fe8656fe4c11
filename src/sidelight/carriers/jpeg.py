"""JPEG (ITU-T T.81) by libjpeg-turbo inside Pillow."""

from collections.abc import Iterator

from sidelight.carriers.carrier import Carrier
from sidelight.errors import ImageError
from sidelight.pixels.encoding import PictureFormat, encode_as
from sidelight.pixels.picture import Picture

_START = b"\xff\xd8\xff"
_SOI_BYTES = 2
_MARKER_BYTES, _LENGTH_BYTES = 2, 2
_SOS, _EOI, _COM = 0xDA, 0xD9, 0xFE
_APP = range(0xE0, 0xF0)
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a segment
_IN_SCAN = frozenset({0x00, *range(0xD0, 0xD8)})  # a stuffed zero byte, and restart markers


def _write(picture: Picture, own_quality: int, effort: int) -> bytes:  # noqa: ARG001
    # progressive files are smaller at low rates; 4:2:0 is every program's choice there
    options = {"quality": own_quality, "subsampling": "4:2:0", "progressive": True}
    return encode_as(picture, PictureFormat("JPEG", metadata=True, options=options))


def _starts(data: bytes) -> bool:
    return data.startswith(_START)


def _coded_bytes(data: bytes) -> int:
    """Returns the size of tables, frame and scans: without APPn, comments and what follows EOI."""
    return sum(size for marker, size in _segments(data) if marker not in _APP and marker != _COM)


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields markers and the bytes of their segments, SOS with its entropy-coded data.

    Bytes between segments are passed over, as decoders do.

    Raises:
        ImageError: A segment is cut short.
    """
    position = _SOI_BYTES
    while (position := _next_marker(data, position)) < len(data):
        marker = data[position + 1]
        if marker == _EOI:
            return
        end = position + _MARKER_BYTES
        if marker not in _ALONE:
            length = int.from_bytes(data[end : end + _LENGTH_BYTES])
            if length < _LENGTH_BYTES or end + length > len(data):
                raise ImageError(
                    f"JPEG segment at byte {position} claims {length} bytes, "
                    f"{len(data) - end} are left"
                )
            end += length
        if marker == _SOS:
            end = _next_marker(data, end, passed=_IN_SCAN)
        yield marker, end - position
        position = end


def _next_marker(data: bytes, position: int, passed: frozenset[int] = frozenset({0x00})) -> int:
    """Returns where the next marker begins that is not to be passed, or the end of the data."""
    while 0 <= (position := data.find(0xFF, position)) < len(data) - 1:
        marker = data[position + 1]
        if marker != 0xFF and marker not in passed:
            return position
        position += 1 if marker == 0xFF else _MARKER_BYTES  # bytes 0xFF before a marker fill up
    return len(data)


JPEG = Carrier(
    name="jpeg",
    title="JPEG",
    suffixes=(".jpg", ".jpeg"),
    max_side_px=65500,  # of libjpeg; the format has 65535
    has_alpha=False,
    own_qualities=range(1, 96),  # above, files grow and pictures do not
    knots=(1, 5, 12, 19, 53),  # python -m benchmarks.rd.carrier_rates
    starts=_starts,
    write=_write,
    effort=9,
    coded_bytes=_coded_bytes,
)
