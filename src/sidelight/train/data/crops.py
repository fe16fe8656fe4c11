"""Draws crops with one of their captions; every draw follows from seed, step and row alone."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from sidelight.errors import ConfigError
from sidelight.train.data.pairs import Pairs
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage

FRAMINGS = ("native", "whole", "mixed")
NUM_CHANCES = 4
_HANDED = re.compile(r"\b(left|right)\b", re.IGNORECASE)
LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue (BT.601)."""
_SHORT_SIDE = (1.0, 1.5)
"""Of a picture that is scaled before its crop, in sides of the crop."""


class CropBatch(NamedTuple):
    """Crops, uint8 (b, 3, s, s), with which picture and which of its captions each has."""

    images: Any
    """An array, or a tensor where a GPU cuts the crops; so are the carriers."""
    picture_ids: np.ndarray
    caption_ids: np.ndarray
    chances: np.ndarray
    """float32 (b, 4), uniform in [0, 1): for whatever else is drawn for each crop."""
    carriers: Any = None
    """What a carrier shows of each crop, uint8 (b, 3, s, s), where there are pairs."""


class Cut(NamedTuple):
    """What is drawn for one crop."""

    picture: int
    caption: int
    version: int
    """Of the picture's coded versions; 0 where there are none."""
    scaled: tuple[int, int] | None
    """Height and width that the picture is brought to first; None leaves it as it is."""
    top: int
    left: int
    mirrored: bool
    gray: bool
    chances: np.ndarray


class CropSampler:
    """Draws square crops of pictures.

    A crop is mirrored half of the time, unless its caption speaks of left or right (choice C13).
    """

    def __init__(
        self,
        pictures: Sequence[CaptionedImage | CaptionedFile],
        *,
        seed: int,
        framing: str = "native",
        pairs: Pairs | None = None,
        gray: float = 0.0,
    ) -> None:
        """Takes pictures in memory or in files.

        Args:
            pictures: At least one.
            seed: Of all draws.
            framing: "native" cuts at the picture's own scale and picks pictures in proportion to
                their area; "whole" squeezes whole pictures, as the paper does; "mixed" is half
                "whole" and half crops of pictures scaled near the crop's size (choice C13). The
                last two pick every picture as often.
            pairs: Coded versions of the same pictures, one of which is cut with each crop.
            gray: Share of crops that lose their colour.

        Raises:
            ConfigError: There is no such framing, or no picture.
        """
        if framing not in FRAMINGS:
            raise ConfigError(f"framing must be one of {FRAMINGS}, got {framing!r}")
        if not pictures:
            raise ConfigError("there are no pictures to train on")
        self.pictures = pictures
        self._seed, self._framing, self._pairs, self._gray = seed, framing, pairs, gray
        weights = [p.size[0] * p.size[1] if framing == "native" else 1 for p in pictures]
        self._cumulative = np.cumsum(np.array(weights, np.float64) / sum(weights))

    def draw(self, step: int, rows: range, size: int) -> CropBatch:
        """Returns the given rows of a step's batch; pictures too small for a crop are edge-padded.

        Several processes that draw different rows of one step share one batch among them.
        """
        cuts = self.cuts(step, rows, size)
        planes = np.stack([self._cut(cut, size) for cut in cuts])
        return batch_of(cuts, planes, paired=self._pairs is not None)

    def cuts(self, step: int, rows: range, size: int) -> list[Cut]:
        """Returns where the given rows of a step's batch are cut."""
        return [self._plan(np.random.default_rng((self._seed, step, row)), size) for row in rows]

    def _plan(self, random: np.random.Generator, size: int) -> Cut:
        k = int(np.searchsorted(self._cumulative, random.random() * self._cumulative[-1]))
        picture = self.pictures[k]
        caption = int(random.integers(len(picture.captions)))
        version = 0 if self._pairs is None else int(random.integers(self._pairs.num_versions))
        scaled, top, left = self._frame(picture.size, size, random)
        handed = _HANDED.search(picture.captions[caption])
        mirrored = random.random() < 0.5 and not handed
        chances = random.random(NUM_CHANCES, np.float32)
        gray = random.random() < self._gray
        return Cut(k, caption, version, scaled, top, left, mirrored, gray, chances)

    def _frame(
        self, sides: tuple[int, int], size: int, random: np.random.Generator
    ) -> tuple[tuple[int, int] | None, int, int]:
        """Returns what a picture is scaled to, and the crop's place in it."""
        if self._framing == "whole" or (self._framing == "mixed" and random.random() < 0.5):
            return (size, size), 0, 0
        scaled = None
        if self._framing == "mixed":
            scale = random.uniform(*_SHORT_SIDE) * size / min(sides)
            height, width = (max(size, round(scale * side)) for side in sides)
            scaled = height, width
        top, left = (int(random.integers(max(side - size, 0) + 1)) for side in scaled or sides)
        return scaled, top, left

    def _cut(self, cut: Cut, size: int) -> np.ndarray:
        """Returns the same place of every view of a picture, uint8 (3 or 6, s, s)."""
        views = [self.pictures[cut.picture].image]
        if self._pairs is not None:
            views.append(self._pairs.version(cut.picture, cut.version))
        if cut.scaled is not None:
            views = [_scaled(view, *cut.scaled) for view in views]
        crop = np.dstack([_window(view, cut.top, cut.left, size) for view in views])
        if cut.mirrored:
            crop = crop[:, ::-1]
        if cut.gray:
            crop = _without_colour(crop)
        return crop.transpose(2, 0, 1)


def batch_of(cuts: Sequence[Cut], planes: Any, *, paired: bool) -> CropBatch:
    """Returns a batch of crops.

    Args:
        cuts: Where they were cut.
        planes: uint8 (b, 3, s, s), or (b, 6, s, s) with what a carrier shows behind.
        paired: Whether that is there.
    """
    return CropBatch(
        planes[:, :3],
        np.array([cut.picture for cut in cuts]),
        np.array([cut.caption for cut in cuts]),
        np.stack([cut.chances for cut in cuts]),
        planes[:, 3:] if paired else None,
    )


def _window(image: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    window = image[top : top + size, left : left + size]
    missing = [(0, size - side) for side in window.shape[:2]]
    return np.pad(window, (*missing, (0, 0)), mode="edge") if np.any(missing) else window


def _without_colour(views: np.ndarray) -> np.ndarray:
    """Returns three equal planes for every three; a gray file of a picture differs little."""
    height, width, planes = views.shape
    luma = views.reshape(height, width, planes // 3, 3) @ np.array(LUMA, np.float32)
    return np.rint(luma).astype(np.uint8).repeat(3, axis=2)


def _scaled(image: np.ndarray, height: int, width: int) -> np.ndarray:
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized)
