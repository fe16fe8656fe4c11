"""Ordinary files and .slt files -> pictures, better by their captions."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sidelight.api import decoder_of
from sidelight.bulk.captions import CaptionToRead
from sidelight.bulk.coding import Coded, Record
from sidelight.bulk.places import is_remote
from sidelight.bulk.streams import is_stream, write_bytes
from sidelight.carriers.registry import check_start
from sidelight.codec.card import find_model
from sidelight.codec.check import decode_checked
from sidelight.codec.opened import OpenedFile
from sidelight.errors import ConfigError, about
from sidelight.metrics.caption_match import CaptionMatcher
from sidelight.pixels.encoding import check_format, encode_picture, fitted
from sidelight.pixels.files import write_picture
from sidelight.pixels.picture import Picture
from sidelight.pixels.rate import bits_per_pixel


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How files are decoded."""

    format: str = "png"
    """Of the pictures to make, named by a suffix."""
    caption: str | None = None
    """For every file; "" for none."""
    caption_from: str | None = None
    """Where each file's caption lies, as for ``CaptionFinder``; None for inside, else beside it."""
    check_caption: str | None = None
    """Whether to "warn" of a caption that does not fit the picture, or to "drop" it."""
    realism: float | None = None
    """Of ordinary files, the dial from 0 (faithful) to 1 (natural)."""
    precision: str = "auto"
    device: str | None = None
    """Where torch is to run the model; None for onnxruntime on the processor."""
    model: str | None = None
    max_pixels: int | None = None
    """Files of larger pictures are refused before they are decoded."""
    _captions: CaptionToRead = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.check_caption not in (None, "warn", "drop"):
            raise ConfigError(f"check_caption must be warn or drop, got {self.check_caption!r}")
        captions = CaptionToRead(given=self.caption, place=self.caption_from)
        object.__setattr__(self, "_captions", captions)

    @property
    def suffix(self) -> str:
        """Of the pictures to make, with the dot."""
        return f".{self.format}"

    def prepare(self) -> None:
        """Looks whether the format, the model and what compares captions are there.

        Raises:
            CodecError: One of them is not.
        """
        check_format(self.format)
        if self.model is not None:
            find_model(self.model)
        if self.check_caption is not None:
            _matcher()

    def check_start(self, data: bytes) -> None:
        """Looks whether a file begins as one that can be decoded.

        Raises:
            NotABitstreamError: It does not.
        """
        check_start(data)

    def code(self, data: bytes, name: str, caption: str | None = None) -> Coded:
        """Returns the picture's file, and what its record tells of it.

        Args:
            data: A carrier's file, or a .slt file.
            name: As for ``Coding.code``.
            caption: As there.

        Raises:
            CodecError: The bytes are no sound file, need another model, or the picture's format
                cannot hold it.
        """
        picture, record = self._decoded(data, name, caption)
        with about(name):
            return Coded(encode_picture(picture, self.format), record)

    def write(self, data: bytes, name: str, target: str) -> Record:
        """Writes the picture and returns its record; as for ``Coding.write``.

        A file is written piece by piece, where its format allows that: a large picture's may be too
        long to be held beside it.

        Raises:
            CodecError: As for ``code``.
            OSError: It cannot be written.
        """
        if is_remote(target) or is_stream(target):
            coded = self.code(data, name)
            write_bytes(target, coded.data)
            return coded.record
        picture, record = self._decoded(data, name, None)
        write_picture(picture, Path(target), self.format)
        return record

    def _decoded(self, data: bytes, name: str, caption: str | None) -> tuple[Picture, Record]:
        check_format(self.format)
        with about(name):
            decoder = decoder_of(data, self.model, max_pixels=self.max_pixels, device=self.device)
            opened = decoder.open(data)
            found = self._captions.of(name, data, opened, caption)
            picture = self._picture(opened, found.text)
        picture = fitted(picture, self.format)
        record: Record = {
            "source_bytes": len(data),
            "bpp": bits_per_pixel(len(data), picture),
            "caption": found.text or None,
            "notes": [f"caption: {found.origin}", *found.notes, *picture.notes],
        }
        return picture, record

    def _picture(self, opened: OpenedFile, caption: str) -> Picture:
        if self.check_caption is None:
            return opened.decode(caption, realism=self.realism, precision=self.precision)
        return decode_checked(
            opened,
            _matcher(),
            caption,
            drop=self.check_caption == "drop",
            realism=self.realism,
            precision=self.precision,
        )


@cache
def _matcher() -> CaptionMatcher:
    return CaptionMatcher.load()
