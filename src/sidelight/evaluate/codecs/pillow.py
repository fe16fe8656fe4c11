"""JPEG, WebP, AVIF and JPEG 2000 by the libraries inside Pillow; the rate is of whole files."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar

import numpy as np
import PIL
from jaxtyping import UInt8
from PIL import Image, features

from sidelight.errors import CodecError, ConfigError

_LIBRARIES = {"JPEG": "jpg", "WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}


@dataclass(frozen=True, kw_only=True)
class PillowPoint:
    """One format of Pillow with the options that it saves with.

    Raises:
        ConfigError: This build of Pillow lacks the format.
    """

    reads_text: ClassVar[bool] = False

    codec: str
    setting: str
    format: str
    """Pillow's name of it: JPEG, WEBP, AVIF or JPEG2000."""

    options: Mapping[str, Any]
    """Of ``Image.save``."""

    def __post_init__(self) -> None:
        if not features.check(_LIBRARIES[self.format]):
            raise ConfigError(
                f"this Pillow {PIL.__version__} was built without {self.format}: "
                "pip install --force-reinstall pillow for the wheel that has it"
            )

    def describe(self) -> dict[str, Any]:
        """Returns the versions and the options of ``Image.save``."""
        return {
            "program": "Pillow",
            "version": PIL.__version__,
            "library": features.version(_LIBRARIES[self.format]),
            "encode": {"format": self.format, **self.options},
            "decode": "Image.open(...).convert('RGB')",
        }

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns the file.

        Raises:
            CodecError: The library refuses the picture.
        """
        buffer = BytesIO()
        try:
            Image.fromarray(image).save(buffer, self.format, **self.options)
        except (OSError, ValueError) as error:
            raise CodecError(f"{self.codec} refuses a picture {image.shape}: {error}") from None
        return buffer.getvalue()

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:  # noqa: ARG002
        """Returns the picture; ``text`` is not looked at.

        Raises:
            CodecError: The bytes are no picture.
        """
        try:
            with Image.open(BytesIO(data), formats=[self.format]) as picture:
                return np.asarray(picture.convert("RGB"))
        except (OSError, ValueError) as error:
            raise CodecError(f"{self.codec} cannot decode {len(data)} bytes: {error}") from None


def jpeg(quality: float) -> PillowPoint:
    """Returns JPEG with optimised Huffman tables and Pillow's own choice of chroma, 4:2:0."""
    options = {"quality": int(quality), "optimize": True}
    return PillowPoint(codec="jpeg", setting=f"quality={quality:g}", format="JPEG", options=options)


def webp(quality: float, *, method: int = 6) -> PillowPoint:
    """Returns lossy WebP; ``method`` is its effort, 0 to 6."""
    options = {"quality": int(quality), "method": method}
    return PillowPoint(codec="webp", setting=f"quality={quality:g}", format="WEBP", options=options)


def avif(quality: float, *, speed: int = 4, threads: int = 2) -> PillowPoint:
    """Returns AVIF 4:2:0; ``speed`` is 0 to 10.

    The bytes depend on ``threads``: one gives others than two or more.
    """
    options = {"quality": int(quality), "speed": speed, "max_threads": threads}
    return PillowPoint(codec="avif", setting=f"quality={quality:g}", format="AVIF", options=options)


def jpeg2000(ratio: float) -> PillowPoint:
    """Returns JPEG 2000 (OpenJPEG) of 24/``ratio`` bits per pixel: 9-7 wavelet, YCbCr inside."""
    options = {
        "quality_mode": "rates",
        "quality_layers": [float(ratio)],
        "irreversible": True,
        "mct": 1,
    }
    return PillowPoint(
        codec="jpeg2000", setting=f"ratio={ratio:g}", format="JPEG2000", options=options
    )
