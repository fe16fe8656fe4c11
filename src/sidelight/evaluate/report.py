"""One HTML file that shows an experiment and needs nothing else: no network, no other file."""

import base64
import hashlib
import io
import itertools
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
from jaxtyping import UInt8
from markupsafe import Markup
from PIL import Image

from sidelight.errors import ConfigError
from sidelight.evaluate import tables
from sidelight.evaluate.dataset import GIVEN
from sidelight.evaluate.plots import INK, PAPER_LINE, draw_all, to_svg
from sidelight.evaluate.summary import NO_CAPTION_READ, Summary
from sidelight.files import write_atomically

CROP_PX = 128
_EQUAL_RATE = 0.2
_TEMPLATE = "template"
_HEAD = ("command", "commit", "date", "cpu", "processor", "cores", "device", "seed")


class Version(NamedTuple):
    """A picture as one codec gave it back."""

    label: str
    bpp: float
    metrics: dict[str, float]
    """By name, as in the summary."""
    image: UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A picture and its decoded versions, the one that the others are held against first."""

    image_name: str
    caption: str
    original: UInt8[np.ndarray, "h w 3"]
    versions: Sequence[Version]

    def __post_init__(self) -> None:
        for version in self.versions:
            if version.image.shape != self.original.shape:
                raise ConfigError(
                    f"{self.image_name}: {version.label} is {version.image.shape}, the original "
                    f"{self.original.shape}; give versions of the original's size"
                )

    def at_equal_rate(self) -> list[Version]:
        """Returns the first version and those whose rate is within a fifth of it."""
        bpp = self.versions[0].bpp if self.versions else 0.0
        return [v for v in self.versions if abs(v.bpp - bpp) <= _EQUAL_RATE * bpp]

    def crops(self) -> list[tuple[int, int]]:
        """Returns (row, column) of the most detailed square in each half of the original."""
        gray = self.original.astype(np.float32).mean(2)
        detail = np.abs(np.diff(gray, axis=0))[:, :-1] + np.abs(np.diff(gray, axis=1))[:-1]
        rows, columns = (range(0, max(1, side - CROP_PX + 1), CROP_PX) for side in gray.shape)
        halves: tuple[list[tuple[int, int]], ...] = ([], [])
        longer = int(np.argmax(gray.shape))
        for square in itertools.product(rows, columns):
            middle = square[longer] + CROP_PX / 2
            halves[middle > gray.shape[longer] / 2].append(square)
        return [max(half, key=lambda s: float(_crop(detail, s).sum())) for half in halves if half]


def write_report(summary: Summary, comparisons: Sequence[Comparison], path: Path) -> None:
    """Writes the report, whole or not at all."""
    write_atomically(path, render_report(summary, comparisons).encode())


def render_report(summary: Summary, comparisons: Sequence[Comparison]) -> str:
    """Returns an HTML page with all plots, tables and pictures inside; texts are escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sidelight.evaluate", _TEMPLATE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"webp": _webp, "crop": _crop, "words": _words}
    script = _inside("report.js")
    return environment.get_template("report.html.jinja").render(
        summary=summary,
        comparisons=comparisons,
        head={key: value for key in _HEAD if (value := summary.environment.get(key)) is not None},
        captions=_meanings(summary),
        tables=tables,
        plots={
            name: _themed(to_svg(f, name, transparent=True))
            for name, f in draw_all(summary).items()
        },
        style=_inside("report.css"),
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _meanings(summary: Summary) -> dict[str, str]:
    given = dict.fromkeys(p.captions for p in summary.points if p.captions != NO_CAPTION_READ)
    return {name: GIVEN.get(name, "the picture's caption of that number") for name in given}


def _inside(name: str) -> Markup:
    text = (resources.files("sidelight.evaluate") / _TEMPLATE / name).read_text("utf-8")
    return Markup(text)


def _themed(svg: str) -> Markup:
    svg = svg.replace(INK, "currentColor").replace(PAPER_LINE, "var(--line)")
    return Markup(svg)


def _webp(image: UInt8[np.ndarray, "h w 3"]) -> str:
    """Returns a data URI of the very same pixels."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "WEBP", lossless=True, quality=20, method=3)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def _crop(image: np.ndarray, square: tuple[int, int]) -> np.ndarray:
    row, column = square
    return image[row : row + CROP_PX, column : column + CROP_PX]


def _words(value: Any) -> str:
    """Returns a command line as one would type it, any other value as it is."""
    return shlex.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
