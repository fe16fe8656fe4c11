"""Sidelight: a perceptual image codec whose decoder reads the picture's caption.

>>> data = sidelight.encode("photo.jpg", quality=3)  # an ordinary AVIF file
>>> image = sidelight.decode(data, caption="A brown dog runs along the beach.")
"""

from typing import TYPE_CHECKING, Any

from sidelight import errors

if TYPE_CHECKING:
    from sidelight.api import decode, encode, load, load_carrier

__version__ = "0.1.0"
__all__ = ["__version__", "decode", "encode", "errors", "load", "load_carrier"]

_FROM_API = ("decode", "encode", "load", "load_carrier")


def __getattr__(name: str) -> Any:
    # torch takes seconds to import, and `sidelight info` and `--help` do not need it
    if name in _FROM_API:
        from sidelight import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
