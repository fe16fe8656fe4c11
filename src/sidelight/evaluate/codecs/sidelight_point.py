"""Checkpoints among the codecs: one at one quality, decoded with the caption given."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from sidelight.api import DEFAULT_MODEL, load
from sidelight.bitstream.quality import MIN_QUALITY, quality_to_step
from sidelight.codec.codec import Codec
from sidelight.evaluate.codecs.protocol import Decode
from sidelight.pixels.picture import Picture
from sidelight.train.losses.rate_distortion import TRAINED_METRICS

QUALITIES = (1.0, 3.0, 5.0, 7.0, 9.0)


class SidelightPoint:
    """A codec at a quality, 1 to 9. The generator computes in fp32; no caption is in the file.

    Raises:
        ConfigError: The quality is out of range.
    """

    def __init__(
        self,
        quality: float,
        model: str | Path | None = None,
        *,
        name: str = "sidelight",
        setting: str = "",
        caption: str | None = None,
    ) -> None:
        """Takes what ``sidelight_points`` takes; the model is loaded when it is first needed.

        Args:
            quality: 1 to 9.
            model: As for ``sidelight.load``.
            name: The key in records.
            setting: What tells it from others of that name; the quality if empty.
            caption: What a joint codec encodes with.
        """
        quality_to_step(quality)
        self.codec = name
        self.setting = setting or f"quality={quality:g}"
        self._model = model
        self._quality = quality
        self._caption = caption

    @property
    def _codec(self) -> Codec:
        return load(self._model)  # kept by load, and not sent to other processes

    @property
    def reads_text(self) -> bool:
        """Whether the model does."""
        return self._codec.model.config.reads_text

    @property
    def trained_on(self) -> list[str]:
        """The metrics that its training improved directly; none where the file has no recipe."""
        weights = self._codec.checkpoint.provenance.get("recipe", {}).get("distortion", {})
        return [metric for term, metric in TRAINED_METRICS.items() if weights.get(term, 0) > 0]

    def describe(self) -> dict[str, Any]:
        """Returns the model's name, fingerprint and training, and the arguments of both calls."""
        return {
            "program": "sidelight",
            "version": version("sidelight"),
            "model": self._codec.model.config.name,
            "fingerprint": self._codec.fingerprint.hex(),
            "trained_on": self.trained_on,
            "encode": {"quality": self._quality},
            "decode": {"precision": "fp32"},
        }

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns the .slt file.

        Raises:
            CodecError: The picture cannot be coded.
        """
        picture = Picture(image=image)
        return self._codec.encode(
            picture, quality=self._quality, caption=self._caption, caption_as="digest"
        )

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:
        """Returns the picture that ``text`` helps to decode; "" is no caption.

        Raises:
            CodecError: The bytes are no sound .slt file of this model.
        """
        return self.open(data)(text)

    def open(self, data: bytes) -> Decode:
        """Returns what decodes the file with one caption after another; errors as ``decode``."""
        opened = self._codec.open(data)
        return lambda text: opened.decode(text, precision="fp32").image


class JointPoint(SidelightPoint):
    """A model whose encoder reads the caption, so that each caption has a file of its own."""

    def told(self, caption: str) -> SidelightPoint:
        """Returns this point as a sender uses it who has the caption."""
        return SidelightPoint(
            self._quality, self._model, name=self.codec, setting=self.setting, caption=caption
        )


def sidelight_points(
    qualities: Sequence[float] | None, model: str | Path | None = None, *, name: str = "sidelight"
) -> list[SidelightPoint]:
    """Returns one point per quality, smallest files first.

    Args:
        qualities: 1 to 9; None for five of them, or for the only rate that the model has, whose
            setting then is the name of its file.
        model: As for ``sidelight.load``.
        name: The key in records, where several checkpoints are compared.

    Raises:
        CheckpointError: There is no such model, or its file is broken.
        ConfigError: A quality is out of range.
    """
    if qualities is None:
        loaded = load(model).model
        if loaded.config.num_levels == 1:
            kind = JointPoint if loaded.encoder_reads_text else SidelightPoint
            return [kind(MIN_QUALITY, model, name=name, setting=f"model={_stem(model)}")]
    return [SidelightPoint(q, model, name=name) for q in sorted(qualities or QUALITIES)]


def _stem(model: str | Path | None) -> str:
    return DEFAULT_MODEL if model is None else Path(model).stem
