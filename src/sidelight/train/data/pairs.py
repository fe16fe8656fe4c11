"""Pairs to train a carrier generator on: a picture, and what a standard codec makes of it.

Each picture is coded several times. What a version is coded with follows from the seed, the
picture's key and the version's number alone; the files are made once, kept, and decoded when drawn.
"""

import hashlib
import io
import json
import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from PIL import Image

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError
from sidelight.files import write_atomically
from sidelight.train.data.cores import on_all_cores
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage, decode_rgb

CODECS = {"avif": "AVIF", "jpeg": "JPEG", "webp": "WEBP"}
"""Codecs of a pair, with Pillow's names for them."""
_EFFORTS = {"avif": range(11), "jpeg": range(11), "webp": range(7)}
_SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")
_LARGER = (1.15, 1.9)
"""Of a picture that is coded at a larger size and then brought back: times its own side."""
_FIRST_QUALITY = {"avif": (50, 85), "jpeg": (75, 92), "webp": (70, 92)}
"""Of the first of two codings, which is a mild one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingRange(StrictConfig):
    """What one codec's settings are drawn from."""

    codec: str
    """One of ``CODECS``."""
    share: float
    """Of all codings, relative to the other ranges' shares."""
    quality: tuple[int, ...]
    """Lowest and highest quality of the codec's own scale; drawn evenly."""
    subsampling: tuple[str, ...] = ("4:2:0",)
    """Chroma of AVIF and JPEG; one named twice is drawn twice as often."""
    effort: tuple[int, ...] = (6,)
    """AVIF's speed, WebP's method; JPEG has standard tables at 0, optimised ones above."""

    def __post_init__(self) -> None:
        if self.codec not in CODECS:
            raise ConfigError(f"codec must be one of {sorted(CODECS)}, got {self.codec!r}")
        if self.share <= 0:
            raise ConfigError(f"share must be > 0, got {self.share}")
        if len(self.quality) != 2 or not 0 <= self.quality[0] <= self.quality[1] <= 100:
            raise ConfigError(f"quality must be two rising numbers in 0..100, got {self.quality}")
        if not self.subsampling or not self.effort:
            raise ConfigError("subsampling and effort must name at least one value")
        known = {"subsampling": _SUBSAMPLINGS, "effort": _EFFORTS[self.codec]}
        for name, values in known.items():
            if wrong := [value for value in getattr(self, name) if value not in values]:
                expected = ", ".join(map(str, values))
                raise ConfigError(f"{name} of {self.codec} must be of {expected}, got {wrong}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsConfig(StrictConfig):
    """How the carrier's pictures of a training set are made."""

    codings: tuple[CodingRange, ...]
    versions: int = 4
    """Codings of each picture."""
    twice_share: float = 0.06
    """Share of versions that another, mild coding comes before."""
    resized_share: float = 0.06
    """Share of versions that are coded at a larger size and scaled down after decoding."""
    uncoded_share: float = 0.04
    """Share of versions that are the picture itself."""

    def __post_init__(self) -> None:
        if not self.codings:
            raise ConfigError("pairs.codings must name at least one codec")
        if self.versions < 1:
            raise ConfigError(f"pairs.versions must be >= 1, got {self.versions}")
        shares = self.twice_share, self.resized_share, self.uncoded_share
        if min(shares) < 0 or sum(shares) > 1:
            raise ConfigError(f"shares of versions must be >= 0 and at most 1 in all, got {shares}")


class _Coding(NamedTuple):
    """What one version is made with."""

    codec: str
    quality: int
    subsampling: str
    effort: int

    def encode(self, image: Image.Image) -> bytes:
        options: dict[str, object] = {"quality": self.quality}
        if self.codec == "avif":
            # one thread: pictures are coded beside each other, and the bytes depend on the number
            options |= {"subsampling": self.subsampling, "speed": self.effort, "max_threads": 1}
        elif self.codec == "jpeg":
            options |= {"subsampling": self.subsampling, "optimize": bool(self.effort)}
        else:
            options |= {"method": self.effort}
        stream = io.BytesIO()
        image.save(stream, CODECS[self.codec], **options)
        return stream.getvalue()


class _Plan(NamedTuple):
    """How one version comes about."""

    coding: _Coding | None
    """None leaves the picture as it is."""
    before: _Coding | None = None
    scale: float = 1.0

    def carry_out(self, image: np.ndarray) -> bytes:
        """Returns the version's file."""
        assert self.coding is not None
        source = Image.fromarray(image)
        if self.before is not None:
            source = Image.open(io.BytesIO(self.before.encode(source))).convert("RGB")
        if self.scale != 1.0:
            size = round(self.scale * source.width), round(self.scale * source.height)
            source = source.resize(size, Image.Resampling.BICUBIC)
        return self.coding.encode(source)


class Pairs:
    """The coded versions of training pictures, in files or, by ``in_memory``, as pixels."""

    def __init__(
        self,
        pictures: Sequence[CaptionedFile | CaptionedImage],
        config: PairsConfig,
        *,
        seed: int,
        folder: Path | None = None,
    ) -> None:
        """Plans the versions; ``code`` makes them.

        Args:
            pictures: The originals.
            config: What they are coded with.
            seed: Of all draws.
            folder: Keeps the files; None for ``sidelight/pairs`` in the user's cache folder. Runs
                with the same settings and seed share them.
        """
        self.num_versions = config.versions
        self._pictures = pictures
        self._plans = [
            [_plan(config, random.Random(f"{seed}/{p.key}/{v}")) for v in range(config.versions)]
            for p in pictures
        ]
        # more versions of the same kind leave the first ones as they are
        settings = json.dumps([replace(config, versions=1).to_dict(), seed]).encode()
        self._folder = (folder or _user_cache()) / hashlib.sha256(settings).hexdigest()[:16]
        self._pixels: list[Sequence[np.ndarray]] | None = None

    def code(self, report: Callable[[int, int], None] | None = None) -> None:
        """Makes the files that are not there yet, on all cores.

        Args:
            report: Gets how many pictures are done, and how many were to do.
        """
        missing = [k for k in range(len(self._pictures)) if not self._complete(k)]
        for done, _ in enumerate(on_all_cores(self._code_picture, missing), 1):
            if report is not None:
                report(done, len(missing))

    def in_memory(self, hold: Callable[[Iterable[np.ndarray]], Sequence[Any]] = list) -> Self:
        """Decodes every version, once; returns itself.

        Args:
            hold: Returns the arrays that it is given, from wherever they are to be.
        """
        count = self.num_versions
        places = [(k, v) for k in range(len(self._pictures)) for v in range(count)]
        held = hold(on_all_cores(lambda place: self.version(*place), places))
        self._pixels = [held[begin : begin + count] for begin in range(0, len(held), count)]
        return self

    def version(self, picture: int, version: int) -> np.ndarray:
        """Returns what the carrier shows, uint8 (h, w, 3), in the size of the original."""
        if self._pixels is not None:
            return self._pixels[picture][version]
        plan, (height, width) = self._plans[picture][version], self._pictures[picture].size
        if plan.coding is None:
            return self._pictures[picture].image
        decoded = decode_rgb(self._path(picture, version).read_bytes())
        if decoded.shape[:2] == (height, width):
            return decoded
        shrunk = Image.fromarray(decoded).resize((width, height), Image.Resampling.BICUBIC)
        return np.asarray(shrunk)

    def _code_picture(self, picture: int) -> None:
        image = self._pictures[picture].image
        for version, plan in enumerate(self._plans[picture]):
            path = self._path(picture, version)
            if plan.coding is not None and not path.exists():
                write_atomically(path, plan.carry_out(image))

    def _complete(self, picture: int) -> bool:
        return all(
            plan.coding is None or self._path(picture, version).exists()
            for version, plan in enumerate(self._plans[picture])
        )

    def _path(self, picture: int, version: int) -> Path:
        coding = self._plans[picture][version].coding
        suffix = "" if coding is None else coding.codec
        return self._folder / f"{self._pictures[picture].key}-{version}.{suffix}"


def _plan(config: PairsConfig, chance: random.Random) -> _Plan:
    kind = chance.random()
    if kind < config.uncoded_share:
        return _Plan(None)
    coding = _draw(config, chance)
    kind -= config.uncoded_share
    if kind < config.twice_share:
        first = _draw(config, chance)
        mild = first._replace(quality=chance.randint(*_FIRST_QUALITY[first.codec]))
        return _Plan(coding, before=mild)
    if kind < config.twice_share + config.resized_share:
        return _Plan(coding, scale=chance.uniform(*_LARGER))
    return _Plan(coding)


def _draw(config: PairsConfig, chance: random.Random) -> _Coding:
    shares = [each.share for each in config.codings]
    (drawn,) = chance.choices(config.codings, shares)
    return _Coding(
        drawn.codec,
        chance.randint(*drawn.quality),
        chance.choice(drawn.subsampling),
        chance.choice(drawn.effort),
    )


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sidelight" / "pairs"
