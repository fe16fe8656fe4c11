"""Joint image-text coding: a codec whose encoder and entropy model read the caption too.

This is another protocol than ``Codec``'s (paper figure 3): the sender must have the caption, and
the file decodes with exactly that caption only. Its digest is in every file.
"""

from collections.abc import Sequence

import numpy as np

from sidelight.bitstream.container import Container
from sidelight.bitstream.quality import DEFAULT_QUALITY
from sidelight.captions.canonical import canonical_caption, caption_matches
from sidelight.codec.codec import CaptionSections, Codec, OpenedSlt, caption_sections
from sidelight.codec.info import slt_info
from sidelight.codec.stored import Checkpoint
from sidelight.errors import TextError
from sidelight.pixels.picture import Picture
from sidelight.runtime.networks import CodecNetworks
from sidelight.text.encoder import TextEncoder


def codec_of(
    checkpoint: Checkpoint[CodecNetworks], text_encoder: TextEncoder | None = None
) -> Codec:
    """Returns the codec that codes by this checkpoint's protocol."""
    joint = checkpoint.model.encoder_reads_text
    return (JointCodec if joint else Codec)(checkpoint, text_encoder)


class JointCodec(Codec):
    """As ``Codec``, but ``encode`` needs the caption."""

    def encode(
        self,
        picture: Picture,
        *,
        quality: float = DEFAULT_QUALITY,
        caption: str | None = None,
        caption_as: str = "embed",
    ) -> bytes:
        """Returns the bytes of a .slt file; arguments as for ``Codec.encode``.

        Raises:
            TextError: There is no caption.
            ConfigError: ``quality`` is out of range.
        """
        sections = self._sections(caption, caption_as)
        return self.told(canonical_caption(caption))._encode(picture, quality, sections)

    def encode_to_size(
        self,
        picture: Picture,
        max_bytes: float,
        *,
        caption: str | None = None,
        caption_as: str = "embed",
    ) -> bytes:
        """Returns a file of at most ``max_bytes``; other arguments as for ``encode``.

        Raises:
            TextError: There is no caption.
            ConfigError: ``max_bytes`` is out of range, or the file takes more.
        """
        sections = self._sections(caption, caption_as)
        return self.told(canonical_caption(caption))._encode_to_size(picture, max_bytes, sections)

    def open(self, data: bytes) -> "OpenedJoint":
        """Returns a .slt file; its integers are decoded when its caption comes.

        Raises:
            BitstreamError: The bytes are no sound .slt file.
            ModelMismatchError: The file needs another model.
        """
        container = Container.parse(data)
        self._check_model(container)
        return OpenedJoint(self, container, data)

    def decode_batch(
        self,
        files: Sequence[bytes],
        captions: Sequence[str | None] | None = None,
        *,
        precision: str = "auto",
    ) -> list[Picture]:
        """Decodes files one by one; arguments as for ``Codec.decode_batch``.

        Raises:
            TextError: A caption is not the one that the file was encoded with.
            CodecError: As for ``Codec.decode``.
        """
        captions = [None] * len(files) if captions is None else captions
        return [
            self.decode(data, caption, precision=precision)
            for data, caption in zip(files, captions, strict=True)
        ]

    def told(self, caption: str) -> Codec:
        """Returns the codec of pictures that have this caption."""
        model = self.model.told(self.captions.vectors([caption]))
        return Codec(
            self.checkpoint._replace(model=model),
            self.captions.encoder,
            max_pixels=self.max_pixels,
        )

    def _sections(self, caption: str | None, caption_as: str) -> CaptionSections:
        """Returns what travels: the digest always does."""
        sections = caption_sections(caption, caption_as)
        if not canonical_caption(caption):
            raise TextError(
                f"model {self.model.config.name} reads the caption while it encodes: give one "
                "(--caption); --caption-as digest keeps it out of the file"
            )
        return sections._replace(digested=canonical_caption(caption))


class OpenedJoint(OpenedSlt):
    """A file that one caption opens: the first time that it comes, the integers are decoded."""

    def __init__(self, codec: JointCodec, container: Container, data: bytes) -> None:
        self.container, self._data = container, data
        self.info, self.exif = slt_info(container, data), container.exif
        self.codec: JointCodec = codec
        self._told: OpenedSlt | None = None

    def decode(
        self,
        caption: str | None = None,
        *,
        realism: float | None = None,
        precision: str = "auto",
    ) -> Picture:
        """As for every opened file.

        Raises:
            TextError: The caption is not the one that the file was encoded with.
            CodecError: As for ``Codec.decode``.
        """
        read = canonical_caption(self.caption_read(caption))
        if not caption_matches(self.container.caption_digest, read):
            raise TextError(
                "this file decodes only with the caption it was encoded with, got "
                + (f"another: {read[:60]!r}" if read else "none")
            )
        if self._told is None:
            self._told = self.codec.told(read).open(self._data)
        return self._told.decode(read, realism=realism, precision=precision)

    def masks(
        self,
        caption: str,  # noqa: ARG002
        *,
        realism: float | None = None,  # noqa: ARG002
    ) -> Sequence[np.ndarray]:
        """Returns none: joint codecs have no SSA blocks."""
        return []
