"""Codecs as commands name them: ``NAME[=CHECKPOINT][:SETTING,...]``.

``vvc:42,38`` is VVC at two settings, ``avif+1:25`` AVIF with a carrier generator behind it,
``mine=run.safetensors`` a checkpoint under a name of its own, ``avif+1=run.safetensors`` a
generator's.
"""

from pathlib import Path
from typing import NamedTuple

from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.protocol import CodecPoint
from sidelight.evaluate.codecs.registry import FAMILIES, OURS, codec_points, fine_settings


class CodecChoice(NamedTuple):
    """A codec, with whose weights, at which settings."""

    name: str
    checkpoint: Path | None = None
    settings: tuple[float, ...] | None = None
    """None for the codec's own."""

    @classmethod
    def parse(cls, text: str) -> "CodecChoice":
        """Reads what a command was given.

        Raises:
            ConfigError: A setting is no number, a name or a checkpoint is missing, or a checkpoint
                is to have the name of another codec.
        """
        named, colon, listed = text.rpartition(":")
        settings = _numbers(listed) if colon else None
        name, sign, checkpoint = (text if settings is None else named).partition("=")
        if not name or (sign and not checkpoint) or (settings is None and ":" in name):
            raise ConfigError(
                f"{text!r} names no codec: expected such as vvc, vvc:42,38, avif+1:25 or "
                "mine=CHECKPOINT"
            )
        if sign and name in FAMILIES:
            raise ConfigError(f"{name} is a codec of its own: give the checkpoint another name")
        return cls(name, Path(checkpoint) if sign else None, settings)

    def points(self) -> list[CodecPoint]:
        """Returns the codec at each setting, from the smallest files to the largest.

        Raises:
            ConfigError: The codec is unknown, a setting is out of range, or a program is missing.
            CheckpointError: A checkpoint is missing or broken.
        """
        if self.checkpoint is not None and "+" not in self.name:
            from sidelight.evaluate.codecs.sidelight_point import sidelight_points

            return list(sidelight_points(self.settings, self.checkpoint, name=self.name))
        return codec_points(self.name, self.settings, self.checkpoint)

    def at(self, setting: float) -> CodecPoint:
        """Returns the codec at one setting; errors as ``points``."""
        return self._replace(settings=(setting,)).points()[0]

    def fine_settings(self) -> list[float]:
        """Returns many settings, from the smallest files to the largest.

        Raises:
            ConfigError: The codec is unknown.
        """
        own = self.checkpoint is None or "+" in self.name
        return list(fine_settings(self.name if own else OURS))


def _numbers(listed: str) -> tuple[float, ...] | None:
    try:
        return tuple(float(number) for number in listed.split(","))
    except ValueError:
        return None
