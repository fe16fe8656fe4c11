"""AVIF by libavif and libaom inside Pillow."""

from sidelight.carriers.avif_items import primary_bytes
from sidelight.carriers.carrier import Carrier
from sidelight.pixels.encoding import PictureFormat, encode_as
from sidelight.pixels.kinds import is_avif
from sidelight.pixels.picture import Picture

_SPEED_AT_NO_EFFORT = 10


def _write(picture: Picture, own_quality: int, effort: int) -> bytes:
    # chosen by benchmarks/rd/avif_settings.py: at equal bytes 4:4:4 has the better LPIPS and from
    # 0.3 bits per pixel the better SSIMULACRA2; speed 4 saves 4 % of the bits in 5 times the time
    options = {
        "quality": own_quality,
        "subsampling": "4:4:4",
        "speed": _SPEED_AT_NO_EFFORT - effort,
        "max_threads": 4,  # the bytes are those of any number above 1
    }
    return encode_as(picture, PictureFormat("AVIF", alpha=True, metadata=True, options=options))


AVIF = Carrier(
    name="avif",
    title="AVIF",
    suffixes=(".avif",),
    max_side_px=32768,  # what libavif reads; the format has 65536
    has_alpha=True,
    keeps_profile=lambda picture: not picture.gray,  # gray with alpha becomes RGB inside
    own_qualities=range(101),
    knots=(0, 18, 34, 44, 60),  # python -m benchmarks.rd.carrier_rates
    starts=is_avif,
    write=_write,
    effort=4,
    coded_bytes=primary_bytes,
    drawn_range=(0.33, 0.7),
)
