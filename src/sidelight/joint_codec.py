"""Joint image-text coding: a codec whose encoder and entropy model read the caption too.

This is another protocol than ``Codec``'s (paper figure 3): the sender must have the caption, and
the file decodes with exactly that caption only. Its digest is in every file.
"""

from collections.abc import Sequence

from sidelight.bitstream.container import Container
from sidelight.checkpoint import CodecCheckpoint
from sidelight.codec import CaptionSections, Codec, caption_sections
from sidelight.errors import TextError
from sidelight.models.exported_baseline import ExportedBaseline
from sidelight.pixels.picture import Picture
from sidelight.text.canonical import canonical_caption, caption_matches
from sidelight.text.encoder import TextEncoder


def codec_of(checkpoint: CodecCheckpoint, text_encoder: TextEncoder | None = None) -> Codec:
    """Returns the codec that codes by this checkpoint's protocol."""
    joint = checkpoint.model.encoder_reads_text
    return (JointCodec if joint else Codec)(checkpoint, text_encoder)


class JointCodec(Codec):
    """As ``Codec``, but ``encode`` needs the caption."""

    model: ExportedBaseline

    def encode(
        self,
        picture: Picture,
        *,
        quality: float = 5.0,
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
        max_bytes: int,
        *,
        caption: str | None = None,
        caption_as: str = "embed",
    ) -> bytes:
        """Returns a file of at most ``max_bytes``; other arguments as for ``encode``.

        Raises:
            TextError: There is no caption.
            ConfigError: The file takes more bytes.
        """
        sections = self._sections(caption, caption_as)
        return self.told(canonical_caption(caption))._encode_to_size(picture, max_bytes, sections)

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
            self.told(self._caption_to_decode(data, caption)).decode(
                data, caption, precision=precision
            )
            for data, caption in zip(files, captions, strict=True)
        ]

    def told(self, caption: str) -> Codec:
        """Returns the codec of pictures that have this caption."""
        model = self.model.told(self.captions.vectors([caption]))
        return Codec(self.checkpoint._replace(model=model), self.captions.encoder)

    def _sections(self, caption: str | None, caption_as: str) -> CaptionSections:
        """Returns what travels: the digest always does."""
        sections = caption_sections(caption, caption_as)
        if not canonical_caption(caption):
            raise TextError(
                f"model {self.model.config.name} reads the caption while it encodes: give one "
                "(--caption); --caption-as digest keeps it out of the file"
            )
        return sections._replace(digested=canonical_caption(caption))

    def _caption_to_decode(self, data: bytes, given: str | None) -> str:
        container = Container.parse(data)
        self._check_model(container)
        caption = canonical_caption(container.caption if given is None else given)
        if not caption_matches(container.caption_digest, caption):
            raise TextError(
                "this file decodes only with the caption it was encoded with, got "
                + (f"another: {caption[:60]!r}" if caption else "none")
            )
        return caption
