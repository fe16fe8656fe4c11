"""Sidelight among the codecs: one checkpoint at one quality, decoded with the caption given."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8

from sidelight.api import load
from sidelight.codec import Codec
from sidelight.config import quality_to_step
from sidelight.pixels.picture import Picture

QUALITIES = (1.0, 3.0, 5.0, 7.0, 9.0)


class SidelightPoint:
    """A codec at a quality, 1 to 9. The generator computes in fp32; no caption is in the file.

    Raises:
        ConfigError: The quality is out of range.
    """

    reads_text: ClassVar[bool] = True

    def __init__(
        self, quality: float, model: str | Path | None = None, *, name: str = "sidelight"
    ) -> None:
        """Takes what ``sidelight_points`` takes; the model is loaded when it is first needed."""
        quality_to_step(quality)
        self.codec = name
        self.setting = f"quality={quality:g}"
        self._model = model
        self._quality = quality

    @property
    def _codec(self) -> Codec:
        return load(self._model)  # kept by load, and not sent to other processes

    def describe(self) -> dict[str, Any]:
        """Returns the model's name and fingerprint, and the arguments of both calls."""
        return {
            "program": "sidelight",
            "version": version("sidelight"),
            "model": self._codec.model.config.name,
            "fingerprint": self._codec.fingerprint.hex(),
            "encode": {"quality": self._quality},
            "decode": {"precision": "fp32"},
        }

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns the .slt file.

        Raises:
            CodecError: The picture cannot be coded.
        """
        return self._codec.encode(Picture(image=image), quality=self._quality)

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:
        """Returns the picture that ``text`` helps to decode; "" is no caption.

        Raises:
            CodecError: The bytes are no sound .slt file of this model.
        """
        return self._codec.decode(data, text, precision="fp32").image


def sidelight_points(
    qualities: Sequence[float] | None, model: str | Path | None = None, *, name: str = "sidelight"
) -> list[SidelightPoint]:
    """Returns one point per quality, smallest files first.

    Args:
        qualities: 1 to 9; None for five of them, or for the only rate that the model has.
        model: As for ``sidelight.load``.
        name: The key in records, where several checkpoints are compared.

    Raises:
        CheckpointError: There is no such model, or its file is broken.
        ConfigError: A quality is out of range.
    """
    if qualities is None:
        qualities = QUALITIES if load(model).model.config.num_levels > 1 else QUALITIES[:1]
    return [SidelightPoint(quality, model, name=name) for quality in sorted(qualities)]
