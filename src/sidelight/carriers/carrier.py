"""What is to be known of a standard codec: how its files are written, recognised and measured."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sidelight.bitstream.compression import check_caption
from sidelight.bitstream.quality import DEFAULT_QUALITY, quality_to_step, step_to_quality
from sidelight.errors import ConfigError, ImageError
from sidelight.pixels.picture import Picture
from sidelight.pixels.rate import check_max_bytes, told_excess
from sidelight.pixels.srgb import to_srgb
from sidelight.pixels.transparency import fill_transparent
from sidelight.pixels.xmp import with_description

KNOT_QUALITIES = (1, 3, 5, 7, 9)
"""Sidelight's qualities that a codec's own are given for; between them lie straight lines."""

EFFORTS = range(1, 10)
"""From the fastest writing to the smallest files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A codec whose files every viewer of that codec opens."""

    name: str
    """Its key, such as ``avif``."""

    title: str
    """Its name in messages, such as AVIF."""

    suffixes: tuple[str, ...]
    """Of its files, in lower case with the dot; the usual one first."""

    max_side_px: int
    """The longest side that is written."""

    has_alpha: bool

    keeps_profile: Callable[[Picture], bool] = lambda _: True
    """Whether a picture's ICC profile can go along; else its colours become sRGB."""

    own_qualities: range
    """The codec's own scale, from the smallest files to the largest."""

    knots: tuple[int, ...]
    """Own qualities at ``KNOT_QUALITIES``, with about the rates of .slt on Kodak."""

    starts: Callable[[bytes], bool]
    """Whether a file begins as this codec's do."""

    write: Callable[[Picture, int, int], bytes]
    """Makes a file at an own quality with one of ``EFFORTS``."""

    effort: int
    """The one that is taken if none is given; ``knots`` hold for it."""

    has_efforts: bool = True
    """Whether there are others."""

    coded_bytes: Callable[[bytes], int]
    """Bytes that code the pixels in a file, which is one of this codec.

    Raises ImageError where the file's structure is broken.
    """

    drawn_range: tuple[float, float]
    """Coded bits per bit of detail between which drawing stops to help: a generator's residual is
    used in full up to the first, not at all from the second on (benchmarks/rd/drawn_range.py)."""

    is_lossless: Callable[[bytes], bool] = lambda _: False
    """Whether a file, which is one of this codec, surely holds every pixel as it was."""

    def encode(
        self,
        picture: Picture,
        quality: float = DEFAULT_QUALITY,
        *,
        caption: str | None = None,
        effort: int | None = None,
    ) -> bytes:
        """Returns the bytes of a file.

        Args:
            picture: Profile, EXIF, XMP and alpha are kept as docs/carriers.md says.
            quality: 1 (smallest file) to 9, in steps of a sixteenth, at about the rates of .slt.
            caption: Becomes the file's XMP description, unless it is blank; what else the
                picture's XMP says is kept.
            effort: 1 (fastest) to 9 (smallest files); None for the codec's own, see
                docs/carriers.md. JPEG has one only.

        Raises:
            ConfigError: ``quality`` or ``effort`` is out of range, or the codec has one effort.
            ImageError: The codec cannot hold this picture, or is not installed.
            TextError: The caption holds a character that XMP cannot.
        """
        own_quality = self.own_quality(quality)
        return self.write(self._to_write(picture, caption), own_quality, self._effort(effort))

    def encode_to_size(
        self,
        picture: Picture,
        max_bytes: float,
        *,
        caption: str | None = None,
        effort: int | None = None,
    ) -> bytes:
        """Returns the best file of at most ``max_bytes``, metadata included.

        Other arguments and errors as for ``encode``.

        Raises:
            ConfigError: ``max_bytes`` is out of range, or even the codec's lowest quality takes
                more.
        """
        check_max_bytes(max_bytes)
        ready, effort = self._to_write(picture, caption), self._effort(effort)
        best = self.write(ready, self.own_qualities[0], effort)
        if len(best) > max_bytes:
            raise ConfigError(
                f"{self.title} at its lowest quality {told_excess(len(best), max_bytes, picture)}; "
                "allow more bytes, leave out metadata, or scale the picture down"
            )
        low, high = 0, len(self.own_qualities) - 1
        while low < high:
            middle = (low + high + 1) // 2
            data = self.write(ready, self.own_qualities[middle], effort)
            if len(data) <= max_bytes:
                best, low = data, middle
            else:
                high = middle - 1
        return best

    def fitted(self, picture: Picture) -> Picture:
        """Returns the picture as a file of this codec holds it, before any coding.

        ``notes`` say what had to be converted. Fitted again, it is the same.
        """
        return picture if self.keeps_profile(picture) else to_srgb(picture)

    def own_quality(self, quality: float) -> int:
        """Returns the codec's own quality at one of Sidelight's, 1 to 9.

        Raises:
            ConfigError: It is out of range.
        """
        exact = step_to_quality(quality_to_step(quality))
        return round(float(np.interp(exact, KNOT_QUALITIES, self.knots)))

    def _effort(self, given: int | None) -> int:
        if given is not None and not (isinstance(given, int) and given in EFFORTS):
            raise ConfigError(f"effort must be a whole number from 1 to 9, got {given!r}")
        if given is None:
            return self.effort
        if not self.has_efforts:
            raise ConfigError(f"{self.title} has one effort: leave it out, got {given}")
        return given

    def _to_write(self, picture: Picture, caption: str | None) -> Picture:
        if max(picture.width, picture.height) > self.max_side_px:
            raise ImageError(
                f"{self.title} holds at most {self.max_side_px} px a side, this picture is "
                f"{picture.width}x{picture.height} px; scale it down"
            )
        if picture.alpha is not None and not self.has_alpha:
            raise ImageError(
                f"{self.title} has no alpha channel and this picture needs one; use AVIF, WebP or "
                "JPEG XL"
            )
        picture = fill_transparent(self.fitted(picture))
        if caption is None:
            return picture
        check_caption(caption)
        if not caption.strip():
            return picture
        return dataclasses.replace(picture, xmp=with_description(picture.xmp, caption))
