"""Pictures -> ordinary files, or .slt files."""

from dataclasses import dataclass, field, replace

from sidelight.api import END_TO_END, load
from sidelight.bitstream.container import Container
from sidelight.bitstream.quality import DEFAULT_QUALITY, step_to_quality
from sidelight.bulk.captions import CaptionToSend
from sidelight.bulk.coding import Coded, Record
from sidelight.bulk.streams import write_bytes
from sidelight.captions.canonical import canonical_caption
from sidelight.captions.metadata import caption_in_packet
from sidelight.carriers.carrier import Carrier
from sidelight.carriers.reading import read
from sidelight.carriers.registry import SUFFIXES, carrier_of_suffix
from sidelight.codec.card import find_model
from sidelight.errors import ConfigError, ImageError, about
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.kinds import told_foreign
from sidelight.pixels.picture import Picture
from sidelight.pixels.rate import bits_per_pixel, max_bytes_for
from sidelight.pixels.rights import rights_lost_without
from sidelight.pixels.srgb import to_srgb

_END_TO_END = f".{END_TO_END}"
_KNOWN = (*SUFFIXES, _END_TO_END)
_OWN_STAYS = "the description in the picture's own XMP stays; --strip leaves all of it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How pictures are encoded."""

    suffix: str = ".avif"
    """Of the files to make, with the dot: that of a carrier, or .slt."""
    quality: float = DEFAULT_QUALITY
    """1 (smallest file) to 9; counts where neither ``bpp`` nor ``max_bytes`` is given."""
    bpp: float | None = None
    """The best file of at most this many bits per pixel."""
    max_bytes: int | None = None
    """The best file of at most this size."""
    effort: int | None = None
    """1 (fastest) to 9 (smallest) of ordinary files; None for the format's own."""
    caption: str | None = None
    """To be put into every file."""
    caption_from: str | None = None
    """Where each picture's caption lies, as for ``CaptionFinder``; None for none."""
    caption_as: str = "embed"
    """Or "digest", in .slt files."""
    strip: bool = False
    """Whether ICC profile, EXIF and XMP are left out."""
    verify: bool = False
    """Whether each file is decoded before it is handed out."""
    model: str | None = None
    """Of .slt files."""
    max_pixels: int | None = None
    """Larger pictures are refused before they are decoded."""
    _captions: CaptionToSend = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_known(self.suffix, "suffix")
        if self.effort is not None and not _has_efforts(self.suffix):
            raise ConfigError(
                f"--effort is for AVIF, WebP and JPEG XL; {self.suffix} files have one effort"
            )
        if self.suffix != _END_TO_END and (self.caption_as == "digest" or self.model is not None):
            option = "--model" if self.model is not None else "--caption-as digest"
            raise ConfigError(f"{option} is for .slt files, this is {self.suffix}")
        if self.bpp is not None and self.max_bytes is not None:
            raise ConfigError("give only one of bpp and max_bytes")
        captions = CaptionToSend(self.caption_as, given=self.caption, place=self.caption_from)
        object.__setattr__(self, "_captions", captions)

    @property
    def has_one_caption(self) -> bool:
        """Whether all files get the same caption."""
        return self._captions.is_one

    def prepare(self) -> None:
        """Looks whether the model is there.

        Raises:
            CheckpointError: It is not.
        """
        if self.model is not None:
            find_model(self.model)

    def check_start(self, data: bytes) -> None:
        """Takes what may be a picture; a film need not be read whole.

        Raises:
            ImageError: It is of a kind that is known and no picture.
        """
        if (told := told_foreign(data)) is not None:
            raise ImageError(told)

    def code(self, data: bytes, name: str, caption: str | None = None) -> Coded:
        """Returns the picture as a file of this suffix, and what its record tells of it.

        Args:
            data: A picture's file.
            name: As for ``Coding.code``.
            caption: As there.

        Raises:
            CodecError: The picture cannot be read or held, or a value is out of range.
        """
        picture = self._decoded(data, name)
        sent = self._captions.of(name, data, caption)
        max_bytes = self.max_bytes if self.bpp is None else max_bytes_for(self.bpp, picture)
        carrier = carrier_of_suffix(self.suffix)
        if carrier is None:
            coded = self._end_to_end(picture, max_bytes, sent.text)
        else:
            picture = carrier.fitted(picture)
            coded = self._carrier(carrier, picture, max_bytes, sent.text)
        facts = coded.record
        record = {
            "target_bytes": len(coded.data),
            "bpp": bits_per_pixel(len(coded.data), picture),
            "width": picture.width,
            "height": picture.height,
            **facts,
            "notes": [*picture.notes, *facts["notes"], *sent.notes],
        }
        return Coded(coded.data, record)

    def write(self, data: bytes, name: str, target: str) -> Record:
        """Writes the file and returns its record; as for ``Coding.write``.

        Raises:
            CodecError: As for ``code``.
            OSError: It cannot be written.
        """
        coded = self.code(data, name)
        write_bytes(target, coded.data)
        return coded.record

    def _decoded(self, data: bytes, name: str) -> Picture:
        with about(name):
            picture = decode_picture(data, max_pixels=self.max_pixels)
        return replace(to_srgb(picture), exif=None, xmp=None) if self.strip else picture

    def _wants_no_caption(self, found: str | None) -> bool:
        """Returns whether a caption was spoken of, and there is none."""
        is_spoken_of = self.caption is not None or self.caption_from is not None
        return is_spoken_of and not canonical_caption(found or "")

    def _carrier(
        self, carrier: Carrier, picture: Picture, max_bytes: float | None, caption: str | None
    ) -> Coded:
        if max_bytes is None:
            data = carrier.encode(picture, self.quality, caption=caption, effort=self.effort)
        else:
            data = carrier.encode_to_size(picture, max_bytes, caption=caption, effort=self.effort)
        if self.verify:
            read(data, max_pixels=picture.width * picture.height)
        stays = self._wants_no_caption(caption) and caption_in_packet(picture.xmp)
        record: Record = {
            "codec": carrier.name,
            "quality": self.quality if max_bytes is None else None,
            "notes": [_OWN_STAYS] if stays else [],
        }
        return Coded(data, record)

    def _end_to_end(self, picture: Picture, max_bytes: float | None, caption: str | None) -> Coded:
        codec = load(self.model, max_pixels=picture.width * picture.height)
        if max_bytes is None:
            data = codec.encode(
                picture, quality=self.quality, caption=caption, caption_as=self.caption_as
            )
        else:
            data = codec.encode_to_size(
                picture, max_bytes, caption=caption, caption_as=self.caption_as
            )
        if self.verify:
            codec.decode(data, caption if codec.model.encoder_reads_text else "")
        record: Record = {
            "codec": END_TO_END,
            "quality": step_to_quality(Container.parse(data).quality_step),
            "model": codec.fingerprint.hex(),
            "notes": rights_lost_without(picture.xmp),
        }
        return Coded(data, record)


def _has_efforts(suffix: str) -> bool:
    carrier = carrier_of_suffix(suffix)
    return carrier is not None and carrier.has_efforts


def check_known(suffix: str, where: str) -> None:
    """Looks whether files of a suffix can be made.

    Raises:
        ConfigError: They cannot; the message begins with ``where``.
    """
    if suffix not in _KNOWN:
        raise ConfigError(
            f"{where}: no format has the suffix {suffix!r}, expected one of {', '.join(_KNOWN)}"
        )
