"""EXIF: the block that travels with the pixels, and the orientation that is applied to them."""

import re
from typing import NamedTuple

from PIL import Image

from sidelight.pixels.exif_block import (
    GPS,
    IMAGE,
    INTEROP,
    PHOTO,
    ExifContent,
    pack_exif,
    parse_exif,
)
from sidelight.pixels.orientation import TRANSPOSED
from sidelight.pixels.rights import add_rights
from sidelight.pixels.stated import stated_exif, stated_xmp

_ORIENTATION = 274
_WIDTH, _HEIGHT = 40962, 40963  # PixelXDimension, PixelYDimension
# What a viewer shows or needs. All else describes how one file stores its samples, belongs to one
# program, or is the maker's own, whose offsets lead nowhere in another file.
KEPT_TAGS = {
    IMAGE: frozenset(
        {270, 271, 272, 282, 283, 296, 305, 306, 315, 316, 18246, 33432}
        | set(range(40091, 40096))  # title, comment, author, keywords and subject, by Windows
    ),
    PHOTO: frozenset(
        {33434, 33437, 34850, 34855, 36864, 36867, 36868, 36880, 36881, 36882, 37510, 40961}
        | {_WIDTH, _HEIGHT, 40965}
        | set(range(34864, 34870))  # sensitivities
        | set(range(37377, 37387))  # from shutter speed to focal length
        | set(range(37520, 37523))  # parts of seconds
        | set(range(41985, 41997))  # from custom rendering to the subject's distance
        | {42016, 42032, 42034, 42035, 42036, 42080}
    ),
    GPS: frozenset(range(32)),
    INTEROP: frozenset({1, 2}),  # which tells Adobe RGB
}
_WITH_ORIENTATION = {**KEPT_TAGS, IMAGE: KEPT_TAGS[IMAGE] | {_ORIENTATION}}
_MAX_VALUE_BYTES = 2**15
_MAX_BLOCK_BYTES = 65_500
"""A segment of JPEG holds no more."""
_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])\b""")


class ExifBlock(NamedTuple):
    """What an image's EXIF comes down to."""

    block: bytes | None
    orientation: int
    notes: tuple[str, ...] = ()


def read_exif(image: Image.Image, *, is_upright: bool = False) -> ExifBlock:
    """Returns the EXIF that is kept, and the orientation, 1 to 8.

    The sizes in it are those of the upright picture.

    Args:
        image: As read, not yet turned.
        is_upright: Whether its pixels are upright, whatever orientation is stated.
    """
    content = parse_exif(stated_exif(image), _WITH_ORIENTATION)
    stated = content.number(IMAGE, _ORIENTATION)
    if stated is None:
        stated = _orientation_in_xmp(image)
    orientation = 1 if is_upright or stated is None or not 1 <= stated <= 8 else stated
    content.directories.get(IMAGE, {}).pop(_ORIENTATION, None)
    width, height = image.size[::-1] if orientation >= TRANSPOSED else image.size
    photo = content.directories.get(PHOTO, {})
    for tag, side in ((_WIDTH, width), (_HEIGHT, height)):
        if tag in photo:
            content.put_number(PHOTO, tag, side)
    rights_notes = add_rights(content, image)
    block, notes = _packed(content)
    return ExifBlock(block, orientation, notes + rights_notes)


def sound_exif(block: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    """Returns what is kept of a block that somebody else wrote, and notes."""
    return (None, ()) if block is None else _packed(parse_exif(block, KEPT_TAGS))


def _orientation_in_xmp(image: Image.Image) -> int | None:
    found = _XMP_ORIENTATION.search(stated_xmp(image))
    return int(found[1]) if found else None


def _packed(content: ExifContent) -> tuple[bytes | None, tuple[str, ...]]:
    notes = ["broken EXIF dropped"] if content.is_damaged else []
    places = [
        (len(entry.value), name, tag)
        for name, entries in content.directories.items()
        for tag, entry in entries.items()
    ]
    total = sum(size for size, _, _ in places) + 16 * len(places)
    for size, name, tag in sorted(places, reverse=True):
        if size <= _MAX_VALUE_BYTES and total <= _MAX_BLOCK_BYTES:
            break
        del content.directories[name][tag]
        notes.append(f"EXIF tag {tag} of {size} bytes dropped")
        total -= size
    return pack_exif(content), tuple(notes)
