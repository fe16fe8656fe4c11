"""Drawn pictures to train on: what people also put into image files, and photographs lack.

Pages of text, windows of a program, line drawings and charts. Codecs treat them unlike photographs
(edges without noise, flat colour), and whoever improves pictures must know to leave them alone.
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sidelight.train.data.pictures import CaptionedImage

_SIZE = 480, 384
"""Width and height in pixels."""
_OVERSAMPLING = 3
"""Lines are drawn so many times larger, and thus have soft edges."""
_COMMON_WORDS = (
    "the of and to in is that for it as was with be by on not he his but at are this have from or"
    " had an they which one you were all her she there would their we him been has when who will"
    " no more if out so up said what its about than into them can only other time new some could"
    " these two may first then do any like my now over such our man me even most made after also"
    " did many off before must well back through years much where your way"
)
_INKS = ((0, 0, 0), (32, 32, 36), (60, 64, 72), (20, 40, 110), (140, 20, 20))
_PAPERS = ((255, 255, 255), (250, 248, 240), (236, 240, 245), (255, 253, 208))

Colour = tuple[int, int, int]


class _Look(NamedTuple):
    ink: Colour
    paper: Colour
    accents: Sequence[Colour]


def draw_pictures(count: int, *, seed: int) -> list[CaptionedImage]:
    """Returns drawn pictures with captions that say what they are; the same for the same seed."""
    return [_draw(f"drawing-{k:05}", f"{seed}/{k}") for k in range(count)]


def _draw(key: str, seed: str) -> CaptionedImage:
    chance = random.Random(seed)
    draw = chance.choice(list(_KINDS))
    return CaptionedImage(key, np.asarray(draw(_look(chance), chance)), _KINDS[draw])


def _look(chance: random.Random) -> _Look:
    ink, paper = chance.choice(_INKS), chance.choice(_PAPERS)
    if chance.random() < 0.3:
        ink, paper = paper, ink
    accents = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(4)]
    return _Look(ink, paper, accents)  # type: ignore[arg-type]


def _page(look: _Look, chance: random.Random) -> Image.Image:
    """Lines of text, one of them a heading."""
    image = Image.new("RGB", _SIZE, look.paper)
    canvas = ImageDraw.Draw(image)
    size = chance.randint(9, 22)
    top = chance.randint(4, 24)
    while top < _SIZE[1]:
        heading = chance.random() < 0.12
        height = 2 * size if heading else size
        colour = chance.choice(look.accents) if heading else look.ink
        _write(canvas, (chance.choice((12, 12, 12, 30)), top), height, colour, chance)
        top += round(height * chance.choice((1.35, 1.35, 2.0)))
    return image


def _window(look: _Look, chance: random.Random) -> Image.Image:
    """Frames, buttons and words, as programs and shops show them."""
    image = Image.new("RGB", _SIZE, look.paper)
    canvas = ImageDraw.Draw(image)
    bar = chance.randint(20, 44)
    canvas.rectangle((0, 0, _SIZE[0], bar), fill=look.accents[0])
    _write(canvas, (10, bar // 4), bar // 2, look.paper, chance)
    for _ in range(chance.randint(5, 14)):
        left, top = chance.randrange(_SIZE[0] - 60), chance.randrange(bar, _SIZE[1] - 30)
        width, height = chance.randint(50, 240), chance.randint(18, 110)
        box = left, top, left + width, top + height
        fill = chance.choice((*look.accents, look.paper, look.paper))
        radius = chance.choice((0, 0, 4, 8))
        outline = chance.choice((0, 1, 2))
        canvas.rounded_rectangle(box, radius, fill, look.ink, outline)
        label = look.ink if sum(fill) > 380 else (255, 255, 255)
        size = chance.randint(9, 16)
        for line in range(top + 4, min(top + height - size, top + 90), round(1.4 * size)):
            _write(canvas, (left + 6, line), size, label, chance, width=width - 12)
    return image


def _line_drawing(look: _Look, chance: random.Random) -> Image.Image:
    """Curves, circles and polygons, some of them filled."""

    def draw(canvas: ImageDraw.ImageDraw, unit: int) -> None:
        width, height = (unit * side for side in _SIZE)
        for _ in range(chance.randint(6, 22)):
            thickness = unit * chance.choice((1, 1, 2, 3, 5))
            x, y = chance.randrange(width), chance.randrange(height)
            reach = chance.randint(10, 160) * unit
            shape = chance.random()
            if shape < 0.5:
                canvas.line(_curve((x, y), reach, chance), look.ink, thickness, joint="curve")
                continue
            fill = chance.choice((None, None, None, *look.accents[:2]))
            if shape < 0.8:
                box = x, y, x + reach, y + chance.randint(10, 160) * unit
                canvas.ellipse(box, fill, look.ink, thickness)
            else:
                corners = chance.randint(3, 7)
                canvas.regular_polygon((x, y, reach / 2), corners, chance.randrange(360), fill)

    return _softened(look, draw)


def _chart(look: _Look, chance: random.Random) -> Image.Image:
    """Bars or curves over a grid, with numbers."""

    def draw(canvas: ImageDraw.ImageDraw, unit: int) -> None:
        left, bottom = 40 * unit, (_SIZE[1] - 30) * unit
        right, top = (_SIZE[0] - 12) * unit, 16 * unit
        grey = tuple((a + 2 * b) // 3 for a, b in zip(look.ink, look.paper, strict=True))
        for k in range(6):
            y = bottom - k * (bottom - top) // 5
            canvas.line((left, y, right, y), grey, unit)
        canvas.line((left, top, left, bottom, right, bottom), look.ink, 2 * unit)
        count = chance.randint(4, 24)
        step = (right - left) / count
        values = [chance.random() for _ in range(count)]
        if chance.random() < 0.5:
            for k, value in enumerate(values):
                x = left + k * step
                box = x + 0.15 * step, bottom - value * (bottom - top), x + 0.85 * step, bottom
                canvas.rectangle(box, fill=look.accents[k % 2])
            return
        for accent in look.accents[: chance.randint(1, 3)]:
            points = [
                (left + (k + 0.5) * step, bottom - chance.random() * (bottom - top))
                for k in range(count)
            ]
            canvas.line(points, accent, chance.choice((1, 2, 3)) * unit, joint="curve")

    image = _softened(look, draw)
    canvas = ImageDraw.Draw(image)
    for k in range(6):
        y = _SIZE[1] - 36 - k * (_SIZE[1] - 46) // 5
        canvas.text((8, y), str(20 * k), look.ink, ImageFont.load_default(11))
    return image


_KINDS: dict[Callable[[_Look, random.Random], Image.Image], tuple[str, ...]] = {
    _page: ("A page of text.", "Several lines of printed words."),
    _window: ("A screenshot of a computer program.", "The window of a program with buttons."),
    _line_drawing: ("A line drawing.", "Simple shapes drawn with a pen."),
    _chart: ("A chart with numbers.", "A diagram over a grid."),
}


def _softened(look: _Look, draw: Callable[[ImageDraw.ImageDraw, int], None]) -> Image.Image:
    size = _SIZE[0] * _OVERSAMPLING, _SIZE[1] * _OVERSAMPLING
    large = Image.new("RGB", size, look.paper)
    draw(ImageDraw.Draw(large), _OVERSAMPLING)
    return large.resize(_SIZE, Image.Resampling.BOX)


def _curve(
    start: tuple[float, float], reach: float, chance: random.Random
) -> list[tuple[float, float]]:
    """Returns points of a line that bends as it goes."""
    points, (x, y) = [], start
    heading, bend = chance.uniform(0, 2 * math.pi), chance.uniform(-0.3, 0.3)
    for _ in range(24):
        points.append((x, y))
        x, y = x + reach / 12 * math.cos(heading), y + reach / 12 * math.sin(heading)
        heading += bend
    return points


def _write(
    canvas: ImageDraw.ImageDraw,
    place: tuple[int, int],
    size: int,
    colour: Colour,
    chance: random.Random,
    *,
    width: int = _SIZE[0],
) -> None:
    """Writes words from ``place`` on until ``width`` pixels are full."""
    count = max(1, 2 * width // (5 * size))
    words = chance.choices(_COMMON_WORDS.split(), k=count)
    text = " ".join(words).capitalize() if chance.random() < 0.3 else " ".join(words)
    canvas.text(place, text, colour, ImageFont.load_default(size))
