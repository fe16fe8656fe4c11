"""Picture files by path or stream."""

from pathlib import Path
from typing import BinaryIO

from sidelight.errors import about
from sidelight.files import replacing, write_atomically
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.encoding import encode_as, format_for, write_as
from sidelight.pixels.picture import Picture


def read_picture(source: Path | BinaryIO, *, max_pixels: int | None = None) -> Picture:
    """Returns the picture upright, in 8-bit RGB, with alpha, ICC profile and EXIF.

    Of an animation it is the first frame. Every loss on the way is named in ``notes``. A path
    that cannot be opened raises OSError. Pictures larger than ``max_pixels`` are refused, None for
    what ``check_size`` says.

    Raises:
        ImageError: Not a picture, a broken one, too large, or samples without one right reading.
    """
    data = source.read_bytes() if isinstance(source, Path) else source.read()
    with about(_name(source)):
        return decode_picture(data, max_pixels=max_pixels)


def write_picture(picture: Picture, target: Path | BinaryIO, format: str | None = None) -> None:
    """Writes the picture whole or, after an error, not at all.

    Args:
        picture: To be written with alpha, profile and EXIF where the format takes them.
        target: A path, whose missing folders are made, or a stream.
        format: A suffix such as "png"; needed for a stream, else taken from the path.

    Raises:
        ImageError: An unknown format, or one that cannot hold this picture.
    """
    if format is None:
        format = target.suffix.removeprefix(".") if isinstance(target, Path) else ""
    with about(_name(target)):
        chosen = format_for(picture, format)
        if isinstance(target, Path) and (target.is_file() or not target.exists()):
            with replacing(target) as stream:
                write_as(picture, chosen, stream)
            return
        data = encode_as(picture, chosen)  # a pipe cannot go back
    if isinstance(target, Path):
        write_atomically(target, data)
    else:
        target.write(data)


def _name(place: Path | BinaryIO) -> str:
    return str(place) if isinstance(place, Path) else "<stream>"
