"""Curves that others have published, as JSON files in the form of CompressAI's results.

{"name": "VTM", "description": "VTM 9.1, Kodak", "results": {"bpp": [...], "psnr-rgb": [...]}}

Every list of "results" has one number per rate. These names become keys of ours, in which metrics
are recorded; any other list, such as "encoding_time", keeps its name.

| in the file                | ours    | unit               |
|----------------------------|---------|--------------------|
| bpp                        | bpp     | bits per pixel     |
| psnr-rgb, psnr             | psnr    | dB                 |
| ms-ssim-rgb, ms-ssim       | ms_ssim | 0 to 1, not in dB  |
| lpips, lpips-alex          | lpips   | AlexNet v0.1       |
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidelight.errors import ConfigError
from sidelight.files import write_atomically
from sidelight.strict_json import from_json, to_json

RATE = "bpp"
_OURS = {
    "psnr-rgb": "psnr",
    "psnr": "psnr",
    "ms-ssim-rgb": "ms_ssim",
    "ms-ssim": "ms_ssim",
    "lpips": "lpips",
    "lpips-alex": "lpips",
}
_THEIRS = {"psnr": "psnr-rgb", "ms_ssim": "ms-ssim-rgb"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCurve:
    """What a codec reaches at several rates, by our keys and in order of rate.

    Raises:
        ConfigError: There is no rate, a list has another length than that of the rates, or a
            number is not finite or no number, or a rate is not above zero.
    """

    name: str
    description: str
    results: Mapping[str, list[float]]
    """Under "bpp" the rates, under any other key the values there."""

    def __post_init__(self) -> None:
        for key, values in self.results.items():
            if not isinstance(values, list) or not all(map(_is_finite, values)):
                raise ConfigError(f"results.{key} must be a list of finite numbers, got {values!r}")
        rates = self.results.get(RATE)
        if not rates or min(rates) <= 0:
            raise ConfigError(f"results.bpp must list rates above zero, got {rates!r}")
        for key, values in self.results.items():
            if len(values) != len(rates):
                raise ConfigError(
                    f"results.{key} has {len(values)} values, results.bpp has {len(rates)}"
                )
        order = sorted(range(len(rates)), key=rates.__getitem__)
        ordered = {key: [values[k] for k in order] for key, values in self.results.items()}
        object.__setattr__(self, "results", ordered)


def read_curve(path: Path) -> PublishedCurve:
    """Returns the curve of a file.

    Raises:
        ConfigError: The file cannot be read or breaks the form; the message names it.
    """
    try:
        found = from_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, dict) or not isinstance(found.get("name"), str):
        raise ConfigError(f'{path} must hold {{"name": "...", "results": {{"bpp": [...], ...}}}}')
    try:
        return PublishedCurve(
            name=found["name"],
            description=str(found.get("description", "")),
            results=_by_our_keys(results),
        )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def write_curve(path: Path, curve: PublishedCurve) -> None:
    """Writes a curve in the form that ``read_curve`` reads."""
    content = {
        "name": curve.name,
        "description": curve.description,
        "results": {_THEIRS.get(key, key): values for key, values in curve.results.items()},
    }
    write_atomically(path, (to_json(content, indent=2) + "\n").encode())


def _by_our_keys(results: Mapping[str, Any]) -> dict[str, list[float]]:
    named: dict[str, list[float]] = {}
    for key, values in results.items():
        ours = _OURS.get(key, key)
        if ours in named:
            raise ConfigError(f"results has {ours} twice, the second time as {key!r}")
        named[ours] = values
    return named


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
