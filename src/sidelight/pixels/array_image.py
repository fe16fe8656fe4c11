"""An image for those of Pillow's writers that want nothing but its samples as bytes."""

from typing import Any

import numpy as np
from PIL import Image

from sidelight.pixels.picture import Picture, put_metadata, to_pillow


class ArrayImage(Image.Image):
    """An image that is an array: Pillow's own takes four bytes a pixel, its bytes three more."""

    def __init__(self, samples: np.ndarray) -> None:
        """Takes uint8 (h, w, 3) or (h, w, 4)."""
        super().__init__()
        height, width, channels = samples.shape
        self._mode, self._size = {3: "RGB", 4: "RGBA"}[channels], (width, height)
        self._samples = np.ascontiguousarray(samples)

    def tobytes(self, encoder_name: str = "raw", *args: Any) -> Any:  # noqa: ARG002
        """Returns the samples, as a buffer that only reads."""
        samples = self._samples.view()
        samples.flags.writeable = False
        return samples


def to_array_image(picture: Picture) -> Image.Image:
    """Returns what ``to_pillow`` does, a picture in colour without a copy of its samples."""
    if picture.gray:
        return to_pillow(picture)
    samples = picture.image
    if picture.alpha is not None:
        samples = np.concatenate([samples, picture.alpha[..., None]], axis=2)
    image = ArrayImage(samples)
    put_metadata(image, picture)
    return image
