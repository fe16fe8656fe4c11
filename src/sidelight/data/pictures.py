"""Captioned pictures: held in memory, or in files that are read each time they are drawn."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import numpy as np
from PIL import Image

from sidelight.errors import ImageError


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
        """The pixels, uint8 (h, w, 3) RGB, decoded anew."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return decode_rgb(file.read(self.length))

    def in_memory(self) -> CaptionedImage:
        """Returns the picture with its pixels."""
        return CaptionedImage(self.key, self.image, self.captions)


def picture_size(key: str, file: Path | IO[bytes]) -> tuple[int, int]:
    """Returns height and width of a picture, without decoding its pixels.

    Raises:
        ImageError: It cannot be read.
    """
    try:
        with Image.open(file) as image:
            return image.height, image.width
    except OSError as error:
        raise ImageError(f"{key} is no picture: {error!r}") from None


def decode_rgb(data: bytes) -> np.ndarray:
    """Returns the pixels of a picture file, uint8 (h, w, 3) RGB."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
