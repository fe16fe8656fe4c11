"""AVIF by libavif and libaom inside Pillow."""

from sidelight.carriers.avif_items import primary_bytes
from sidelight.carriers.carrier import Carrier
from sidelight.pixels.encoding import PictureFormat, encode_as
from sidelight.pixels.picture import Picture

_BRANDS = frozenset({b"avif", b"avis"})
_MAX_BRANDS = 64
_BRAND_BYTES = 4
_SPEED_AT_NO_EFFORT = 10
_FIRST_BRAND, _COMPATIBLE_BRANDS = 8, 16


def _write(picture: Picture, own_quality: int, effort: int) -> bytes:
    # chosen by benchmarks/rd/avif_settings.py: at equal bytes 4:4:4 has the better LPIPS and from
    # 0.3 bits per pixel the better SSIMULACRA2; speed 4 saves 4 % of the bits in 5 times the time
    options = {
        "quality": own_quality,
        "subsampling": "4:4:4",
        "speed": _SPEED_AT_NO_EFFORT - effort,
        "max_threads": 4,  # the bytes are those of any number above 1
    }
    chosen = PictureFormat(
        "AVIF",
        alpha=True,
        metadata=True,
        gray_profile=False,  # gray with alpha becomes RGB inside
        options=options,
    )
    return encode_as(picture, chosen)


def _starts(data: bytes) -> bool:
    """Returns whether the file's type, or one that it is compatible with, is AVIF."""
    if data[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(data[:4]), _COMPATIBLE_BRANDS + _MAX_BRANDS * _BRAND_BYTES)
    places = (_FIRST_BRAND, *range(_COMPATIBLE_BRANDS, end, _BRAND_BYTES))
    return any(data[place : place + _BRAND_BYTES] in _BRANDS for place in places)


AVIF = Carrier(
    name="avif",
    title="AVIF",
    suffixes=(".avif",),
    max_side_px=32768,  # what libavif reads; the format has 65536
    has_alpha=True,
    own_qualities=range(101),
    knots=(0, 18, 34, 44, 60),  # python -m benchmarks.rd.carrier_rates
    starts=_starts,
    write=_write,
    effort=4,
    coded_bytes=primary_bytes,
)
