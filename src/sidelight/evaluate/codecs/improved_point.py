"""Standard codecs with a carrier generator behind them: the same files, improved by a caption.

In commands such a codec is called ``avif+1``: AVIF at realism 1. ``avif+`` is the model's default.
"""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8

from sidelight.api import load_carrier
from sidelight.carriers.reading import read_with_picture
from sidelight.carriers.registry import sniff
from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.protocol import CodecPoint, Decode
from sidelight.models.config import check_realism
from sidelight.pixels.picture import Picture
from sidelight.train.losses.dial import TRAINED_METRICS

SIGN = "+"
"""Stands between the codec and the place of the dial."""


class ImprovedPoint:
    """Another codec's point, decoded by a generator in fp32.

    Raises:
        ConfigError: The place of the dial is out of range.
    """

    reads_text: ClassVar[bool] = True

    def __init__(
        self, plain: CodecPoint, realism: float | None, model: str | Path | None = None
    ) -> None:
        """Takes over a point.

        Args:
            plain: Encodes, and decodes to what is improved.
            realism: The dial; None for the model's default.
            model: As for ``sidelight.load``.
        """
        if realism is not None:
            check_realism(realism)
        place = "" if realism is None else f"{realism:g}"
        self.codec, self.setting = f"{plain.codec}{SIGN}{place}", plain.setting
        self._plain, self._realism, self._model = plain, realism, model

    @property
    def trained_on(self) -> list[str]:
        """The metrics that the generator's training improved directly."""
        provenance = load_carrier(self._model).checkpoint.provenance
        weights = provenance.get("recipe", {}).get("dial", {})
        return [name for term, name in TRAINED_METRICS.items() if max(weights.get(term, (0,))) > 0]

    def describe(self) -> dict[str, Any]:
        """Returns what the plain codec says, and the generator with its place of the dial."""
        codec = load_carrier(self._model)
        config = codec.model.config
        realism = config.default_realism if self._realism is None else self._realism
        return self._plain.describe() | {
            "generator": config.name,
            "sidelight": version("sidelight"),
            "weights": codec.fingerprint.hex(),
            "realism": realism,
            "trained_on": self.trained_on,
            "precision": "fp32",
        }

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns the plain codec's file.

        Raises:
            CodecError: As for the plain codec.
        """
        return self._plain.encode(image)

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:
        """Returns the improved picture; ``text`` is the caption, "" for none.

        Raises:
            CodecError: As for the plain codec, or the caption cannot be used.
        """
        return self.open(data)(text)

    def open(self, data: bytes) -> Decode:
        """Returns what improves the file's picture by one caption after another."""
        picture = Picture(image=np.ascontiguousarray(self._plain.decode(data, "")))
        share = read_with_picture(data, picture).drawn_share if sniff(data) else 1.0
        codec = load_carrier(self._model)
        return lambda text: (
            codec.improve(
                picture, text, realism=self._realism, precision="fp32", drawn_share=share
            ).image
        )


def improved(
    points: Sequence[CodecPoint], place: str, model: str | Path | None = None
) -> list[CodecPoint]:
    """Returns the points with a generator behind each; ``place`` is what follows the sign.

    Raises:
        ConfigError: It is no number from 0 to 1.
    """
    try:
        realism = float(place) if place else None
    except ValueError:
        raise ConfigError(
            f"{points[0].codec}{SIGN}{place}: expected a place of the dial from 0 to 1 after "
            f"{SIGN!r}, or nothing for the default"
        ) from None
    return [ImprovedPoint(point, realism, model) for point in points]
