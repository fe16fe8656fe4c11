"""Better pictures from ordinary AVIF, JPEG, WebP and JPEG XL files, by their captions.

decode: bytes -> the carrier's own decoder -> generator with text and dial -> Picture. The file's
encoder is somebody else's and knows nothing of us: text is side information at the decoder only.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from sidelight.carriers.reading import CarrierFile, read
from sidelight.codec.info import carrier_info
from sidelight.codec.opened import OpenedFile
from sidelight.codec.stored import Checkpoint
from sidelight.models.config import check_realism
from sidelight.pixels.padding import cut
from sidelight.pixels.picture import Picture
from sidelight.pixels.pure import keep_pure
from sidelight.runtime.networks import CarrierNetworks
from sidelight.text.encoder import TextEncoder
from sidelight.text.reader import CaptionReader


class CarrierCodec:
    """A carrier generator ready to improve pictures."""

    def __init__(
        self,
        checkpoint: Checkpoint[CarrierNetworks],
        text_encoder: TextEncoder | None = None,
        *,
        max_pixels: int | None = None,
    ) -> None:
        """Takes the model; files of larger pictures are refused before they are decoded."""
        self.checkpoint = checkpoint
        self.max_pixels = max_pixels
        self.model = checkpoint.model
        self.fingerprint = self.model.fingerprint()
        self.captions = CaptionReader(
            checkpoint.text_encoder, self.model.config.text_width, text_encoder
        )

    def open(self, data: bytes) -> "OpenedCarrier":
        """Returns a carrier's file with its own picture decoded, to be improved by any caption.

        Raises:
            ImageError: The bytes are no file of a carrier, or a broken one.
        """
        return OpenedCarrier(self, read(data, max_pixels=self.max_pixels))

    def decode(
        self,
        data: bytes,
        caption: str | None = None,
        *,
        realism: float | None = None,
        precision: str = "auto",
    ) -> Picture:
        """Returns the improved picture of a carrier's file, with its alpha and metadata.

        Args:
            data: The whole file.
            caption: As for ``OpenedFile.decode``.
            realism: As there.
            precision: As there.

        Raises:
            ImageError: The bytes are no file of a carrier, or a broken one.
            ConfigError: ``realism`` or ``precision`` is out of range.
            TextError: The caption cannot be used.
        """
        return self.open(data).decode(caption, realism=realism, precision=precision)

    def improve(
        self,
        picture: Picture,
        caption: str | None = None,
        *,
        realism: float | None = None,
        precision: str = "auto",
        drawn_share: float = 1.0,
    ) -> Picture:
        """Returns a decoded picture improved; None is no caption; the rest as ``decode``.

        Of what the model draws, ``drawn_share`` is used.

        Raises:
            ConfigError: ``realism`` or ``precision`` is out of range.
            TextError: The caption cannot be used.
        """
        (improved,) = self.improve_batch(
            [picture], [caption], realism=realism, precision=precision, drawn_share=drawn_share
        )
        return improved

    def masks(
        self, picture: Picture, caption: str, *, realism: float | None = None
    ) -> list[np.ndarray]:
        """Returns where each SSA block lets the text act, float32 (h, w), coarse to fine.

        Arguments and errors as for ``improve``.
        """
        vectors = self.captions.vectors([caption])
        masks = self.model.masks(picture.image[None], vectors, self._place(realism))
        return [mask for (mask,) in masks]

    def improve_batch(
        self,
        pictures: Sequence[Picture],
        captions: Sequence[str | None],
        *,
        realism: float | None = None,
        precision: str = "auto",
        drawn_share: float = 1.0,
    ) -> list[Picture]:
        """Improves several pictures of one size at once; arguments and errors as for ``improve``.

        Raises:
            ValueError: They differ in size.
        """
        images = [picture.image for picture in pictures]
        improved = self.model.improve(
            images[0][None] if len(images) == 1 else np.stack(images),
            self.captions.vectors(captions),
            self._place(realism),
            precision=precision,
            drawn_share=drawn_share,
        )
        results = []
        for picture, padded, caption in zip(pictures, improved, captions, strict=True):
            image = cut(padded, picture.height, picture.width)
            keep_pure(picture.image, image)
            notes = picture.notes + self.captions.notes(caption)
            results.append(replace(picture, image=image, notes=notes))
        return results

    def _place(self, realism: float | None) -> float:
        place = self.model.config.default_realism if realism is None else realism
        check_realism(place)
        return place


def _told(drawn_share: float) -> str:
    if drawn_share == 0:
        return "left as the file has it"
    return f"only {100 * drawn_share:.0f} % of what the model draws is used"


class OpenedCarrier(OpenedFile):
    """An ordinary file whose own picture is decoded."""

    def __init__(self, codec: CarrierCodec, file: CarrierFile) -> None:
        self.plain, self._file = file.picture, file
        self.info, self.exif = carrier_info(file), file.picture.exif
        self._codec = codec

    @cached_property
    def _share(self) -> float:
        """Looks at all pixels, so once for all captions."""
        return self._file.drawn_share

    def decode(
        self,
        caption: str | None = None,
        *,
        realism: float | None = None,
        precision: str = "auto",
    ) -> Picture:
        """As for every opened file; improved the less the more bits it was coded with."""
        picture = self._codec.improve(
            self.plain,
            self.caption_read(caption),
            realism=realism,
            precision=precision,
            drawn_share=self._share,
        )
        if self._share == 1:
            return picture
        note = f"coded with {self._file.coded_bpp:.1f} bits per pixel: {_told(self._share)}"
        return replace(picture, notes=(*picture.notes, note))

    def masks(self, caption: str, *, realism: float | None = None) -> Sequence[np.ndarray]:
        """As for every opened file."""
        return self._codec.masks(self.plain, caption, realism=realism)
