"""Captioned pictures: held in memory, or in files that are read each time they are drawn."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from sidelight.errors import ImageError, about
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.size import check_size

_ON_THEIR_SIDE = range(5, 9)
"""EXIF's orientations by which rows of the file are columns."""


@dataclass(frozen=True, slots=True)
class CaptionedImage:
    """A picture, uint8 (h, w, 3) RGB, with the sentences that describe it."""

    key: str
    image: np.ndarray
    captions: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]

    def in_memory(self) -> Self:
        """Returns itself."""
        return self


@dataclass(frozen=True, slots=True)
class CaptionedFile:
    """A picture in a file of its own, or in a part of a tar shard."""

    key: str
    captions: tuple[str, ...]
    size: tuple[int, int]
    """Height and width in pixels."""
    path: Path
    offset: int
    length: int

    @property
    def image(self) -> np.ndarray:
        """The pixels, uint8 (h, w, 3) RGB, decoded anew.

        Raises:
            ImageError: The file is broken; the message names the picture.
        """
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(self.length)
        try:
            return decode_rgb(data)
        except ImageError as error:
            raise ImageError(f"{self.key} in {self.path}: {error}") from None

    def in_memory(self) -> CaptionedImage:
        """Returns the picture with its pixels."""
        return CaptionedImage(self.key, self.image, self.captions)


def picture_size(key: str, file: Path | BinaryIO) -> tuple[int, int]:
    """Returns height and width of a picture as it is seen, mostly without decoding its pixels.

    Raises:
        ImageError: It is none, or too large; the message begins with ``key``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                check_size(*image.size)
                height, width = image.height, image.width
                # Pillow turns a TIFF itself, and tells the size that it will have
                turned = 1 if image.format == "TIFF" else image.getexif().get(Base.Orientation, 1)
                is_turned = turned in _ON_THEIR_SIDE
    except ImageError as error:
        raise ImageError(f"{key}: {error}") from None
    except Exception:  # no format that tells its size at once, or whatever a parser met
        return _decoded_size(key, file)
    return (width, height) if is_turned else (height, width)


def decode_rgb(data: bytes) -> np.ndarray:
    """Returns the pixels of a picture file, uint8 (h, w, 3) RGB, as the encoder sees them.

    Raises:
        ImageError: It cannot be read.
    """
    return decode_picture(data).image


def _decoded_size(key: str, file: Path | BinaryIO) -> tuple[int, int]:
    if isinstance(file, Path):
        data = file.read_bytes()
    else:
        file.seek(0)
        data = file.read()
    with about(key):
        height, width, _ = decode_rgb(data).shape
    return height, width
