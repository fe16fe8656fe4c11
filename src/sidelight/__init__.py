"""Sidelight: a perceptual image codec whose decoder reads the picture's caption.

>>> data = sidelight.encode("photo.jpg", quality=3)  # an ordinary AVIF file
>>> image = sidelight.decode(data, caption="A brown dog runs along the beach.")
>>> file = sidelight.open(data)  # read once, decoded as often as one likes
>>> images = [file.decode(caption) for caption in ("A dog.", "A cat.", "")]
"""

import importlib
from typing import TYPE_CHECKING, Any

from sidelight import errors

if TYPE_CHECKING:
    from sidelight.api import File, decode, encode, load, load_carrier, open
    from sidelight.codec.carrier_codec import CarrierCodec
    from sidelight.codec.codec import Codec
    from sidelight.pixels.picture import Picture

__version__ = "0.1.0"
__all__ = [
    "encode",
    "decode",
    "open",
    "load",
    "load_carrier",
    "Codec",
    "CarrierCodec",
    "Picture",
    "File",
    "errors",
    "__version__",
]

_PLACES = {
    "encode": "sidelight.api",
    "decode": "sidelight.api",
    "open": "sidelight.api",
    "File": "sidelight.api",
    "load": "sidelight.api",
    "load_carrier": "sidelight.api",
    "Codec": "sidelight.codec.codec",
    "CarrierCodec": "sidelight.codec.carrier_codec",
    "Picture": "sidelight.pixels.picture",
}


def __getattr__(name: str) -> Any:
    # torch takes seconds to import, and `sidelight info` and `--help` do not need it
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
