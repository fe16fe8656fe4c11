"""Pictures to .slt bytes and back: the only place where a model meets a bitstream.

encode: Picture -> pad -> E -> quantise -> entropy coder -> container.
decode: container -> entropy coder -> dequantise -> G with text -> crop -> Picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sidelight.bitstream.container import Container
from sidelight.bitstream.quality import (
    DEFAULT_QUALITY,
    HYPER_STRIDE,
    NUM_QUALITY_STEPS,
    quality_to_step,
)
from sidelight.captions.canonical import canonical_caption, caption_digest, caption_matches
from sidelight.codec.info import slt_info
from sidelight.codec.opened import OpenedFile
from sidelight.codec.stored import Checkpoint
from sidelight.entropy.arrays import fingerprint
from sidelight.entropy.latent_coder import CodedLatents, LatentCoder
from sidelight.entropy.latents import Latents
from sidelight.errors import ConfigError, ModelMismatchError
from sidelight.pixels.alpha import pack_alpha, unpack_alpha
from sidelight.pixels.exif import sound_exif
from sidelight.pixels.padding import cut
from sidelight.pixels.picture import Picture
from sidelight.pixels.profiles import sound_profile
from sidelight.pixels.rate import check_max_bytes, told_excess
from sidelight.pixels.size import check_size
from sidelight.pixels.transparency import fill_transparent
from sidelight.runtime.networks import CodecNetworks
from sidelight.text.encoder import TextEncoder
from sidelight.text.reader import CaptionReader

CAPTION_FORMS = ("embed", "digest")


class CaptionSections(NamedTuple):
    """The caption that travels inside a file, and the one whose digest does."""

    embedded: str | None = None
    digested: str | None = None


def caption_sections(caption: str | None, caption_as: str) -> CaptionSections:
    """Returns what of a caption travels.

    Raises:
        ConfigError: ``caption_as`` is neither "embed" nor "digest".
    """
    if caption_as not in CAPTION_FORMS:
        raise ConfigError(f"caption_as must be one of {CAPTION_FORMS}, got {caption_as!r}")
    return (
        CaptionSections(caption, None) if caption_as == "embed" else CaptionSections(None, caption)
    )


class Codec:
    """A model ready to code pictures."""

    def __init__(
        self,
        checkpoint: Checkpoint[CodecNetworks],
        text_encoder: TextEncoder | None = None,
        *,
        max_pixels: int | None = None,
    ) -> None:
        """Takes the model; files of larger pictures are refused before they are decoded."""
        self.checkpoint = checkpoint
        self.max_pixels = max_pixels
        self.model = checkpoint.model
        self.fingerprint = fingerprint(self.model.frozen)
        self.coder = LatentCoder(self.model.frozen)
        self.captions = CaptionReader(
            checkpoint.text_encoder, self.model.config.text_width, text_encoder
        )

    def encode(
        self,
        picture: Picture,
        *,
        quality: float = DEFAULT_QUALITY,
        caption: str | None = None,
        caption_as: str = "embed",
    ) -> bytes:
        """Returns the bytes of a .slt file.

        Args:
            picture: Upright 8-bit pixels; profile, EXIF and alpha are kept as they are.
            quality: 1 (smallest file) to 9, in steps of a sixteenth.
            caption: Travels inside the file; it does not change the latents.
            caption_as: "embed" for the caption itself, "digest" for its four-byte digest, so that
                a decoder can tell whether it was given the same one.

        Raises:
            ConfigError: ``quality`` is out of range, or ``caption_as`` none of the two.
        """
        return self._encode(picture, quality, caption_sections(caption, caption_as))

    def encode_to_size(
        self,
        picture: Picture,
        max_bytes: float,
        *,
        caption: str | None = None,
        caption_as: str = "embed",
    ) -> bytes:
        """Returns the best file of at most ``max_bytes``; other arguments as for ``encode``.

        Raises:
            ConfigError: ``max_bytes`` is out of range, or even quality 1 takes more.
        """
        return self._encode_to_size(picture, max_bytes, caption_sections(caption, caption_as))

    def _encode(self, picture: Picture, quality: float, sections: CaptionSections) -> bytes:
        step = quality_to_step(quality)
        container = self._container(picture, sections)
        return self._pack(container, self.model.quantise(self._analyse(picture), step), step)

    def _encode_to_size(
        self, picture: Picture, max_bytes: float, sections: CaptionSections
    ) -> bytes:
        check_max_bytes(max_bytes)
        container = self._container(picture, sections)
        y = self._analyse(picture)

        def pack(step: int) -> bytes:
            return self._pack(container, self.model.quantise(y, step), step)

        smallest = pack(0)
        if len(smallest) > max_bytes:
            raise ConfigError(
                f"quality 1 {told_excess(len(smallest), max_bytes, picture)}; "
                "allow more bytes, or --strip metadata"
            )
        return _best_within(max_bytes, smallest, pack)

    def open(self, data: bytes) -> "OpenedSlt":
        """Returns a .slt file with its integers decoded, to be shown with any caption.

        Raises:
            BitstreamError: The bytes are no sound .slt file.
            ModelMismatchError: The file needs another model.
        """
        return self._open([data])[0]

    def decode(
        self, data: bytes, caption: str | None = None, *, precision: str = "auto"
    ) -> Picture:
        """Returns the picture of a .slt file, opened for one caption.

        Args:
            data: The whole file.
            caption: As for ``OpenedFile.decode``.
            precision: As there. The latents are the same in all.

        Raises:
            BitstreamError: The bytes are no sound .slt file.
            ImageError: The picture is larger than ``max_pixels``.
            ModelMismatchError: The file needs another model.
            TextError: The caption cannot be used.
        """
        return self.open(data).decode(caption, precision=precision)

    def decode_batch(
        self,
        files: Sequence[bytes],
        captions: Sequence[str | None] | None = None,
        *,
        precision: str = "auto",
    ) -> list[Picture]:
        """Decodes several files, running the generator on those of one size and quality at once.

        Arguments and errors as for ``decode``; ``captions`` has one entry per file.
        """
        captions = [None] * len(files) if captions is None else captions
        return self.show(self._open(files), captions, precision=precision)

    def show(
        self,
        files: Sequence["OpenedSlt"],
        captions: Sequence[str | None],
        *,
        precision: str = "auto",
    ) -> list[Picture]:
        """Returns the pictures of opened files; arguments and errors as for ``decode_batch``."""
        read = [file.caption_read(c) for file, c in zip(files, captions, strict=True)]
        pictures: dict[int, Picture] = {}
        for members in grouped([file.container for file in files]).values():
            y_hat = _together([files[k].y_hat for k in members])
            text = self.captions.vectors([read[k] for k in members])
            images = self.model.synthesise(y_hat, text, precision=precision)
            for k, image in zip(members, images, strict=True):
                container = files[k].container
                pictures[k] = _finish(container, image, self._notes(container, read[k]))
        return [pictures[k] for k in range(len(files))]

    def _open(self, files: Sequence[bytes]) -> list["OpenedSlt"]:
        containers = [Container.parse(data) for data in files]
        for container, data in zip(containers, files, strict=True):
            check_size(
                container.width,
                container.height,
                max_pixels=self.max_pixels,
                num_bytes=len(data),
            )
        opened: dict[int, OpenedSlt] = {}
        for members in grouped(containers).values():
            y_hat = self._decode_y_hat([containers[k] for k in members])
            for place, k in enumerate(members):
                opened[k] = OpenedSlt(self, containers[k], files[k], y_hat[place : place + 1])
        return [opened[k] for k in range(len(files))]

    def quantised(self, picture: Picture, quality: float) -> Latents:
        """Returns the integers that a file of this quality carries."""
        return self.model.quantise(self._analyse(picture), quality_to_step(quality))

    def decode_latents(self, containers: Sequence[Container]) -> Latents:
        """Returns the integers of files that share padded size and quality.

        Raises:
            ModelMismatchError: A file was made by another model, or this machine came to other
                integers than the one that made it.
            CorruptBitstreamError: The coded words are damaged, or too few for the picture's size.
        """
        for container in containers:
            self._check_model(container)
        coded = [CodedLatents(c.latents, c.latents_crc) for c in containers]
        height, width, step = _group_key(containers[0])
        return self.coder.decode(coded, height=height, width=width, step=step)

    def _decode_y_hat(self, containers: Sequence[Container]) -> np.ndarray:
        return self.model.dequantise(self.decode_latents(containers), containers[0].quality_step)

    def _notes(self, container: Container, caption: str | None) -> tuple[str, ...]:
        notes = self.captions.notes(caption)
        if (
            canonical_caption(caption)
            and caption_matches(container.caption_digest, caption) is False
        ):
            notes = ("this is not the caption that the sender had", *notes)
        return notes

    def _check_model(self, container: Container) -> None:
        if container.model != self.fingerprint:
            raise ModelMismatchError(
                f"the file was made by model {container.model.hex()}, this one is "
                f"{self.model.config.name} {self.fingerprint.hex()}: give the right one by --model"
            )

    def _analyse(self, picture: Picture) -> np.ndarray:
        return self.model.analyse(fill_transparent(picture).image[None])

    def _container(self, picture: Picture, sections: CaptionSections) -> Container:
        """Returns the file with everything but its latents."""
        return Container(
            model=self.fingerprint,
            width=picture.width,
            height=picture.height,
            quality_step=0,
            latents_crc=0,
            latents=b"",
            gray=picture.gray,
            caption=canonical_caption(sections.embedded) or None,
            caption_digest=None if sections.digested is None else caption_digest(sections.digested),
            icc=picture.icc,
            exif=picture.exif,
            alpha=None if picture.alpha is None else pack_alpha(picture.alpha),
        )

    def _pack(self, container: Container, latents: Latents, step: int) -> bytes:
        encoded = self.coder.encode(latents)
        return replace(
            container, quality_step=step, latents=encoded.payload, latents_crc=encoded.crc
        ).pack()


class OpenedSlt(OpenedFile):
    """A .slt file whose integers are decoded."""

    y_hat: np.ndarray
    """What the generator reads, float32 (1, c, h, w); the integers take twice as much."""

    def __init__(self, codec: Codec, container: Container, data: bytes, y_hat: np.ndarray) -> None:
        self.container, self.y_hat = container, y_hat
        self.info, self.exif = slt_info(container, data), container.exif
        self.codec = codec

    def decode(
        self,
        caption: str | None = None,
        *,
        realism: float | None = None,
        precision: str = "auto",
    ) -> Picture:
        """As for every opened file; the latents are the same in each precision."""
        _refuse_dial(realism)
        return self.codec.show([self], [caption], precision=precision)[0]

    def masks(self, caption: str, *, realism: float | None = None) -> Sequence[np.ndarray]:
        """As for every opened file."""
        _refuse_dial(realism)
        masks = self.codec.model.masks(self.y_hat, self.codec.captions.vectors([caption]))
        return [mask for (mask,) in masks]

    def bits(self) -> np.ndarray:
        """Returns the ideal bits of each position of the latent y (1, h, w)."""
        latents = self.codec.decode_latents([self.container])
        return self.codec.model.frozen.information_bits(latents)


def _refuse_dial(realism: float | None) -> None:
    if realism is not None:
        raise ConfigError("realism is for ordinary files: .slt files have no dial")


def _best_within(max_bytes: float, smallest: bytes, pack: Callable[[int], bytes]) -> bytes:
    """Returns the file of the highest quality step that fits; sizes grow with the step."""
    best, low, high = smallest, 0, NUM_QUALITY_STEPS - 1
    while low < high:
        middle = (low + high + 1) // 2
        data = pack(middle)
        if len(data) <= max_bytes:
            best, low = data, middle
        else:
            high = middle - 1
    return best


def _finish(container: Container, image: np.ndarray, notes: tuple[str, ...]) -> Picture:
    alpha = container.alpha
    exif, exif_notes = sound_exif(container.exif)
    icc, icc_notes = sound_profile(container.icc, gray=container.gray)
    return Picture(
        image=cut(image, container.height, container.width),
        alpha=None if alpha is None else unpack_alpha(alpha, container.width, container.height),
        gray=container.gray,
        icc=icc,
        exif=exif,
        notes=(*notes, *icc_notes, *exif_notes),
    )


def _together(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _group_key(container: Container) -> tuple[int, int, int]:
    """Returns padded height, padded width and quality step."""
    height, width = (side + -side % HYPER_STRIDE for side in (container.height, container.width))
    return height, width, container.quality_step


def grouped(containers: Sequence[Container]) -> dict[tuple[int, int, int], list[int]]:
    """Returns the places of the files that can be decoded together.

    They share what is their key here: padded height, padded width and quality step.
    """
    groups: dict[tuple[int, int, int], list[int]] = {}
    for k, container in enumerate(containers):
        groups.setdefault(_group_key(container), []).append(k)
    return groups
