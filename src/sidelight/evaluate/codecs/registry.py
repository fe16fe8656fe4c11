"""The codecs by name, with settings that span about 0.1 to 1 bpp on Kodak.

What a setting means is said where the point is made: see the factory of each codec. JPEG does not
reach 0.1 bpp, and ffmpeg's libjxl ends at 0.25. A name such as ``avif+1`` is that codec with a
carrier generator behind it (improved_point.py).
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sidelight.errors import ConfigError
from sidelight.evaluate.codecs.bpg import BpgPoint
from sidelight.evaluate.codecs.ffmpeg import hevc, jpeg_xl, vvc
from sidelight.evaluate.codecs.pillow import avif, jpeg, jpeg2000, webp
from sidelight.evaluate.codecs.protocol import CodecPoint
from sidelight.evaluate.codecs.vtm import VtmPoint

OURS = "sidelight"
_NUM_FINE = 129


class Family(NamedTuple):
    """A codec with its settings."""

    make: Callable[[float], CodecPoint]
    unit: str
    lowest: float
    highest: float
    whole: bool
    """Whether a setting must be a whole number."""
    defaults: tuple[float, ...]
    """From the smallest files to the largest."""

    @property
    def falling(self) -> bool:
        """Whether a larger setting gives smaller files."""
        return self.defaults[0] > self.defaults[-1]


def _sidelight(quality: float) -> CodecPoint:
    from sidelight.evaluate.codecs.sidelight_point import sidelight_points  # torch takes seconds

    return sidelight_points([quality])[0]


FAMILIES = {
    "jpeg": Family(jpeg, "quality", 0, 100, True, (5, 10, 20, 40, 60)),
    "webp": Family(webp, "quality", 0, 100, True, (1, 10, 30, 50, 75)),
    "avif": Family(avif, "quality", 0, 100, True, (15, 25, 35, 45, 60)),
    "jpeg-xl": Family(jpeg_xl, "distance", 0.1, 15, False, (15, 10, 6, 4, 2.5)),
    "jpeg2000": Family(jpeg2000, "ratio", 1, 10_000, False, (240, 120, 60, 40, 24)),
    "hevc": Family(hevc, "qp", 0, 51, True, (45, 41, 37, 33, 29)),
    "bpg": Family(BpgPoint, "qp", 0, 51, True, (44, 40, 36, 32, 29)),
    "vvc": Family(vvc, "qp", 0, 63, True, (42, 38, 35, 32, 28)),
    "vtm": Family(VtmPoint, "qp", 0, 63, True, (42, 37, 32, 27)),
    OURS: Family(_sidelight, "quality", 1, 9, False, (1, 3, 5, 7, 9)),
}


def fine_settings(name: str) -> Sequence[float]:
    """Returns many settings of a codec, from the smallest files to the largest.

    Raises:
        ConfigError: The codec is unknown.
    """
    family = _family(name.partition("+")[0])
    if family.whole:
        settings = [float(k) for k in range(math.ceil(family.lowest), int(family.highest) + 1)]
    else:
        settings = np.geomspace(family.lowest, family.highest, _NUM_FINE).tolist()
    return settings[::-1] if family.falling else settings


def codec_points(
    name: str, settings: Sequence[float] | None = None, generator: Path | None = None
) -> list[CodecPoint]:
    """Returns a codec at each setting, from the smallest files to the largest.

    Args:
        name: A key of ``FAMILIES``, "sidelight" being the default model, for others see
            ``sidelight_points``; or such a key, "+" and a place of the dial.
        settings: In the codec's own unit; None for the defaults.
        generator: The checkpoint of a name with a "+"; None for the shipped one.

    Raises:
        ConfigError: The codec is unknown, a setting is out of range, or a program is missing.
        CheckpointError: Sidelight's weights are missing.
    """
    plain, sign, place = name.partition("+")
    if sign:
        from sidelight.evaluate.codecs.improved_point import improved  # torch takes seconds

        return improved(codec_points(plain, settings), place, generator)
    family = _family(name)
    chosen = family.defaults if settings is None else settings
    for setting in chosen:
        if not family.lowest <= setting <= family.highest or (family.whole and setting % 1):
            kind = "whole numbers" if family.whole else "numbers"
            raise ConfigError(
                f"{name} takes as {family.unit} {kind} from {family.lowest:g} to "
                f"{family.highest:g}, got {setting}"
            )
    return [family.make(setting) for setting in sorted(chosen, reverse=family.falling)]


def _family(name: str) -> Family:
    if name not in FAMILIES:
        raise ConfigError(f"no codec {name!r}, known are {', '.join(sorted(FAMILIES))}")
    return FAMILIES[name]
