"""Joint image-text coding: a codec whose encoder and entropy model read the caption too.

This is another protocol than ``Codec``'s (paper figure 3): the sender must have the caption, and
the file decodes with exactly that caption only. Its digest is in every file.
"""

from collections.abc import Sequence

from sidelight.bitstream.container import Container
from sidelight.checkpoint import CodecCheckpoint
from sidelight.codec import Codec
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
    """As ``Codec``, but ``encode`` needs the caption: as the one to digest, or to embed."""

    model: ExportedBaseline

    def encode(
        self,
        picture: Picture,
        *,
        quality: float = 5.0,
        embed_caption: str | None = None,
        digest_caption: str | None = None,
    ) -> bytes:
        """Returns the bytes of a .slt file; arguments as for ``Codec.encode``.

        Raises:
            TextError: There is no caption, or two.
            ConfigError: ``quality`` is out of range.
        """
        caption = self._caption_to_encode(embed_caption, digest_caption)
        return self.told(caption).encode(
            picture, quality=quality, embed_caption=embed_caption, digest_caption=caption
        )

    def encode_to_size(
        self,
        picture: Picture,
        max_bytes: int,
        *,
        embed_caption: str | None = None,
        digest_caption: str | None = None,
    ) -> bytes:
        """Returns a file of at most ``max_bytes``; other arguments as for ``encode``.

        Raises:
            TextError: There is no caption, or two.
            ConfigError: The file takes more bytes.
        """
        caption = self._caption_to_encode(embed_caption, digest_caption)
        return self.told(caption).encode_to_size(
            picture, max_bytes, embed_caption=embed_caption, digest_caption=caption
        )

    def decode_batch(
        self,
        files: Sequence[bytes],
        texts: Sequence[str | None] | None = None,
        *,
        precision: str = "auto",
    ) -> list[Picture]:
        """Decodes files one by one; arguments as for ``Codec.decode_batch``.

        Raises:
            TextError: A caption is not the one that the file was encoded with.
            CodecError: As for ``Codec.decode``.
        """
        texts = [None] * len(files) if texts is None else texts
        return [
            self.told(self._caption_to_decode(data, text)).decode(data, text, precision=precision)
            for data, text in zip(files, texts, strict=True)
        ]

    def told(self, caption: str) -> Codec:
        """Returns the codec of pictures that have this caption."""
        model = self.model.told(self.captions.vectors([caption]))
        return Codec(self.checkpoint._replace(model=model), self.captions.encoder)

    def _caption_to_encode(self, embedded: str | None, digested: str | None) -> str:
        captions = {canonical_caption(c) for c in (embedded, digested)} - {""}
        if len(captions) != 1:
            raise TextError(
                f"model {self.model.config.name} reads the caption while it encodes, so it needs "
                "one, as digest_caption or embed_caption (--digest-caption, --embed-caption); got "
                + ("two" if captions else "none")
            )
        return captions.pop()

    def _caption_to_decode(self, data: bytes, text: str | None) -> str:
        container = Container.parse(data)
        self._check_model(container)
        caption = canonical_caption(container.caption if text is None else text)
        if not caption_matches(container.caption_digest, caption):
            raise TextError(
                "this file decodes only with the caption it was encoded with, got "
                + (f"another: {caption[:60]!r}" if caption else "none")
            )
        return caption
