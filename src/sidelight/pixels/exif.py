"""EXIF: the block that travels with the pixels, and the orientation that is applied to them."""

import contextlib
import warnings
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image

# Tags that say how one file stores its samples, wrong for any other; in a TIFF they share a
# directory with the tags worth keeping. XMP, Photoshop and ICC blocks are not EXIF either.
_STORAGE_TAGS = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281}
    | {284, 288, 289, 290, 291, 292, 293, 297, 301, 317, 320, 321, 322, 323, 324, 325, 330, 338}
    | {339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532}
    | {700, 34377, 34675}
)


class ExifBlock(NamedTuple):
    """What an image's EXIF comes down to."""

    block: bytes | None
    orientation: int
    notes: tuple[str, ...] = ()


def read_exif(image: Image.Image) -> ExifBlock:
    """Returns the EXIF without orientation and storage tags, and the orientation, 1 to 8."""
    orientation, block, broken = 1, None, True
    with warnings.catch_warnings(record=True) as caught, contextlib.suppress(Exception):
        warnings.simplefilter("always")
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        block = _portable_block(image)
        broken = bool(caught)  # Pillow warns of damage and reads on
    if orientation not in range(1, 9):
        orientation = 1
    if broken:
        return ExifBlock(None, orientation, ("broken EXIF dropped",))
    return ExifBlock(block, orientation)


def turn_upright(plane: np.ndarray, orientation: int) -> np.ndarray:
    """Returns the pixels as they are meant to be seen.

    Args:
        plane: Rows first, then columns, then any further axis.
        orientation: EXIF tag 274: where the first row and column of a file belong.
    """
    if orientation >= 5:
        plane = plane.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        plane = plane[::-1]
    if orientation in {2, 3, 6, 7}:
        plane = plane[:, ::-1]
    return np.ascontiguousarray(plane)


def _portable_block(image: Image.Image) -> bytes | None:
    exif = Image.Exif()  # a copy: the image keeps its own
    exif.load(image.info.get("exif") or image.getexif().tobytes())
    for tag in _STORAGE_TAGS.intersection(exif):
        del exif[tag]
    return exif.tobytes() if len(exif) else None
