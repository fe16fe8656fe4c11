"""The carriers by name, by suffix and by a file's first bytes."""

from types import MappingProxyType

from sidelight.bitstream.header import MAGIC
from sidelight.carriers.avif import AVIF
from sidelight.carriers.carrier import Carrier
from sidelight.carriers.jpeg import JPEG
from sidelight.carriers.jpeg_xl import JPEG_XL
from sidelight.carriers.webp import WEBP
from sidelight.errors import NotABitstreamError
from sidelight.pixels.kinds import is_heic

CARRIERS = MappingProxyType({carrier.name: carrier for carrier in (AVIF, JPEG, WEBP, JPEG_XL)})

SUFFIXES = tuple(suffix for carrier in CARRIERS.values() for suffix in carrier.suffixes)
"""Of all carriers' files, in lower case with the dot."""


def sniff(data: bytes) -> Carrier | None:
    """Returns the carrier whose file this is by its first bytes, None for any other file."""
    return next((carrier for carrier in CARRIERS.values() if carrier.starts(data)), None)


def carrier_of_suffix(suffix: str) -> Carrier | None:
    """Returns the carrier of a suffix such as ".avif", in any case; None for any other."""
    wanted = suffix.lower()
    return next((carrier for carrier in CARRIERS.values() if wanted in carrier.suffixes), None)


def check_start(data: bytes) -> None:
    """Looks whether a file begins as one that can be decoded.

    Args:
        data: The file, or its beginning.

    Raises:
        NotABitstreamError: It is neither a .slt file nor a carrier's.
    """
    if data.startswith(MAGIC) or sniff(data) is not None:
        return
    titles = ", ".join(carrier.title for carrier in CARRIERS.values())
    if is_heic(data):
        found = "is HEIC, which encode reads and decode does not"
    else:
        found = f"starts with {data[: len(MAGIC)].hex()}" if data else "is empty"
    raise NotABitstreamError(f"{found}, expected a file of Sidelight (.slt), {titles}")
