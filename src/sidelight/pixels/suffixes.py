"""Which files of a folder are taken for pictures, by their names."""

from functools import cache
from pathlib import Path

from PIL import Image

from sidelight.pixels.kinds import FORMATS

_BY_EXTRAS = (".heic", ".heif", ".hif", ".jxl")
"""Of formats that Pillow alone does not read; without the extra, the error says what to install."""


@cache
def picture_suffixes() -> frozenset[str]:
    """Returns the suffixes of all formats that are read, in lower case with the dot."""
    Image.init()
    known = {suffix for suffix, format in Image.EXTENSION.items() if format in FORMATS}
    return frozenset({*known, *_BY_EXTRAS})


def is_named_as_picture(path: Path) -> bool:
    """Returns whether a file's name is that of a picture, and not that of a hidden file."""
    return path.suffix.lower() in picture_suffixes() and not path.name.startswith(".")
