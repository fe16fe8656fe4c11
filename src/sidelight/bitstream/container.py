"""A whole .slt file: the header, then one section for each thing that its flags announce."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

from sidelight.bitstream.compression import (
    MAX_EXIF_BYTES,
    MAX_ICC_BYTES,
    check_caption,
    check_metadata,
    pack_caption,
    pack_metadata,
    parse_caption,
    parse_metadata,
)
from sidelight.bitstream.header import MAX_QUALITY_STEP, MODEL_BYTES, Flags, Header, size_problem
from sidelight.bitstream.sections import LATENTS, pack_sections, read_sections, section_flags
from sidelight.errors import CorruptBitstreamError, ImageError

DIGEST_BYTES = 4
WORD_BYTES = 4
"""The latents are whole words of the entropy coder."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a .slt file holds: metadata decompressed, latents still entropy coded."""

    model: bytes
    """Fingerprint of what decoding the latents depends on, 8 bytes."""
    width: int
    """Picture columns, before any padding."""
    height: int
    """Picture rows, before any padding."""
    quality_step: int
    """Quality above 1, in sixteenths."""
    latents_crc: int
    """CRC-32 of the integer latents; this room carries it, the codec compares it."""
    latents: bytes
    """Words of the entropy coder, four bytes each."""
    gray: bool = False
    """Whether the picture was gray and decodes to one channel."""
    caption: str | None = None
    """The caption, where it travels in the file."""
    caption_digest: bytes | None = None
    """First 4 bytes of the SHA-256 of the canonical caption."""
    icc: bytes | None = None
    """Colour profile of the picture."""
    exif: bytes | None = None
    """EXIF block of the picture."""
    alpha: bytes | None = None
    """The alpha channel, as a PNG."""

    def __post_init__(self) -> None:
        self._check_arguments()
        self._check_input()

    def pack(self) -> bytes:
        """Returns the bytes of the file."""
        payloads = self._payloads()
        header = Header(
            flags=section_flags(payloads) | (Flags.GRAY if self.gray else Flags(0)),
            model=self.model,
            width=self.width,
            height=self.height,
            quality_step=self.quality_step,
            latents_crc=self.latents_crc,
        )
        return header.pack() + pack_sections(payloads)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Reads a file and checks every byte of it.

        Raises:
            BitstreamError: The bytes break a rule of the format; its subclass says which kind.
        """
        header, sections = read_sections(data)

        def parsed(name: str, parse: Callable[[bytes], T]) -> T | None:
            return parse(sections[name].payload) if name in sections else None

        return cls(
            model=header.model,
            width=header.width,
            height=header.height,
            quality_step=header.quality_step,
            latents_crc=header.latents_crc,
            latents=_parse_latents(sections[LATENTS].payload),
            gray=Flags.GRAY in header.flags,
            caption=parsed("caption", parse_caption),
            caption_digest=parsed("caption_digest", _parse_digest),
            icc=parsed("icc", lambda payload: parse_metadata(payload, "ICC", MAX_ICC_BYTES)),
            exif=parsed("exif", lambda payload: parse_metadata(payload, "EXIF", MAX_EXIF_BYTES)),
            alpha=parsed("alpha", bytes),
        )

    def _payloads(self) -> dict[str, bytes]:
        payloads = {
            "caption_digest": self.caption_digest,
            "caption": None if self.caption is None else pack_caption(self.caption),
            "icc": None if self.icc is None else pack_metadata(self.icc),
            "exif": None if self.exif is None else pack_metadata(self.exif),
            "alpha": self.alpha,
            LATENTS: self.latents,
        }
        return {name: payload for name, payload in payloads.items() if payload is not None}

    def _check_arguments(self) -> None:
        if len(self.model) != MODEL_BYTES:
            raise ValueError(f"model must have {MODEL_BYTES} bytes, got {len(self.model)}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"width and height must be >= 1, got {self.width}x{self.height}")
        if not 0 <= self.quality_step <= MAX_QUALITY_STEP:
            raise ValueError(
                f"quality_step must be 0 to {MAX_QUALITY_STEP}, got {self.quality_step}"
            )
        if not 0 <= self.latents_crc < 2**32:
            raise ValueError(f"latents_crc must be >= 0 and < 2**32, got {self.latents_crc}")
        if len(self.latents) % WORD_BYTES:
            raise ValueError(
                f"latents must be whole words of {WORD_BYTES} bytes, got {len(self.latents)} bytes"
            )
        if self.caption_digest is not None and len(self.caption_digest) != DIGEST_BYTES:
            raise ValueError(
                f"caption_digest must have {DIGEST_BYTES} bytes, got {len(self.caption_digest)}"
            )

    def _check_input(self) -> None:
        # What a user may bring, and so a CodecError where it is too much.
        if problem := size_problem(self.width, self.height):
            raise ImageError(problem)
        if self.caption is not None:
            check_caption(self.caption)
        if self.icc is not None:
            check_metadata(self.icc, "ICC", MAX_ICC_BYTES)
        if self.exif is not None:
            check_metadata(self.exif, "EXIF", MAX_EXIF_BYTES)


def section_sizes(data: bytes) -> dict[str, int]:
    """Returns how many bytes of a file the header and each section take, framing included.

    Raises:
        BitstreamError: The header or the framing breaks a rule, or bytes follow the last section.
    """
    _, sections = read_sections(data)
    sizes = {name: section.framed_bytes for name, section in sections.items()}
    return {"header": len(data) - sum(sizes.values()), **sizes}


def _parse_latents(payload: bytes) -> bytes:
    if len(payload) % WORD_BYTES:
        raise CorruptBitstreamError(
            f"latents section has {len(payload)} bytes, expected whole words of {WORD_BYTES}"
        )
    return payload


def _parse_digest(payload: bytes) -> bytes:
    if len(payload) != DIGEST_BYTES:
        raise CorruptBitstreamError(
            f"caption_digest section has {len(payload)} bytes, expected {DIGEST_BYTES}"
        )
    return payload
