"""The Python interface: ``sidelight.encode``, ``decode``, ``open``, ``load``, ``load_carrier``."""

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from sidelight.bitstream.header import MAGIC
from sidelight.card import find_model
from sidelight.carrier_codec import CarrierCodec
from sidelight.carriers.registry import CARRIERS, check_start
from sidelight.checkpoint import load_checkpoint
from sidelight.codec import Codec
from sidelight.errors import CheckpointError, ConfigError, ImageError
from sidelight.info import FileInfo
from sidelight.joint_codec import codec_of
from sidelight.models.exported_carrier import ExportedCarrier
from sidelight.opened import OpenedFile
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import Picture, from_pillow, to_pillow

DEFAULT_MODEL = "small-multirate"
DEFAULT_CARRIER_MODEL = "carrier-small"
END_TO_END = "slt"
"""The format of our own codec; the others are ordinary files."""

ImageLike = Picture | Image.Image | np.ndarray | torch.Tensor | Path | str


def load(model: str | Path | None = None) -> Codec:
    """Returns the codec of .slt files, to be used again and again.

    Args:
        model: Name of a model that ships with the package, path of a checkpoint, or None for
            the default model.

    Raises:
        CheckpointError: There is no such model, its file is broken, or it is a carrier generator.
    """
    path = find_model(model or DEFAULT_MODEL)
    loaded = _load(path)
    if isinstance(loaded, CarrierCodec):
        raise CheckpointError(
            f"{path} is a carrier generator, which improves files of {', '.join(CARRIERS)}; "
            ".slt files need a codec"
        )
    return loaded


def load_carrier(model: str | Path | None = None) -> CarrierCodec:
    """Returns what improves ordinary AVIF, JPEG, WebP and JPEG XL files, to be used again.

    Args:
        model: As for ``load``; None for the default carrier generator.

    Raises:
        CheckpointError: There is no such model, its file is broken, or it is no carrier generator.
    """
    path = find_model(model or DEFAULT_CARRIER_MODEL)
    loaded = _load(path)
    if isinstance(loaded, Codec):
        raise CheckpointError(
            f"{path} is a codec of .slt files; files of {', '.join(CARRIERS)} need a carrier "
            "generator"
        )
    return loaded


def decoder_of(data: bytes, model: str | Path | None = None) -> Codec | CarrierCodec:
    """Returns what decodes a file: the codec of .slt files, or a carrier generator.

    Args:
        data: The file, or its beginning.
        model: As for ``load``; None for the default of either kind.

    Raises:
        NotABitstreamError: It is neither.
        CheckpointError: As for ``load`` and ``load_carrier``.
    """
    if data.startswith(MAGIC):
        return load(model)
    check_start(data)
    return load_carrier(model)


@cache
def _load(path: Path) -> Codec | CarrierCodec:
    checkpoint = load_checkpoint(path)
    if isinstance(checkpoint.model, ExportedCarrier):
        return CarrierCodec(checkpoint)
    return codec_of(checkpoint)


def encode(
    image: ImageLike,
    *,
    format: str = "avif",
    quality: float = 5.0,
    max_bytes: int | None = None,
    caption: str | None = None,
    caption_as: str = "embed",
    model: str | Path | None = None,
) -> bytes:
    """Returns the bytes of an ordinary file, or of a .slt file, that ``decode`` opens.

    Of all models only TGIC, whose encoder reads it, needs the caption.

    Args:
        image: Path, Pillow image, uint8 array (h, w), (h, w, 3) or (h, w, 4), or tensor
            (3, h, w), uint8 or floating in [0, 1].
        format: "avif", "jpeg", "webp", "jxl", or "slt" for our own codec.
        quality: 1 (smallest file) to 9.
        max_bytes: If given, the best file of at most this size; ``quality`` is not used.
        caption: Travels inside the file; in an ordinary one, as its XMP description.
        caption_as: "embed", or "digest" for its four-byte digest alone; for .slt files.
        model: As for ``load``; for .slt files.

    Raises:
        CodecError: The picture cannot be read, or a value is out of range.
    """
    picture = as_picture(image)
    if format != END_TO_END:
        if format not in CARRIERS:
            known = ", ".join((*CARRIERS, END_TO_END))
            raise ConfigError(f"format must be one of {known}, got {format!r}")
        if caption_as != "embed" or model is not None:
            raise ConfigError(f"{format} takes neither model nor digests: they are for .slt files")
        carrier = CARRIERS[format]
        if max_bytes is not None:
            return carrier.encode_to_size(picture, max_bytes, caption=caption)
        return carrier.encode(picture, quality, caption=caption)
    codec = load(model)
    if max_bytes is not None:
        return codec.encode_to_size(picture, max_bytes, caption=caption, caption_as=caption_as)
    return codec.encode(picture, quality=quality, caption=caption, caption_as=caption_as)


def decode(
    data: bytes | Path | str,
    *,
    caption: str | None = None,
    realism: float | None = None,
    precision: str = "auto",
    model: str | Path | None = None,
) -> Image.Image:
    """Returns the picture of an ordinary AVIF, JPEG, WebP or JPEG XL file, or of a .slt file.

    A caption other than the one the sender digested gives a warning.

    Args:
        data: The whole file, or its path.
        caption: "" for none; None for the one inside the file, if any.
        realism: For ordinary files, the dial from 0 (faithful) to 1 (natural); None for the
            model's default.
        precision: Of the generator: "auto", "fp32" or "bf16".
        model: As for ``load`` and ``load_carrier``; None for the default of either.

    Raises:
        CodecError: The bytes are no sound file of these, or need another model.
    """
    return _shown(
        _opened(data, model).decode(caption, realism=realism, precision=precision), stacklevel=3
    )


class File:
    """A file that was read once, to be decoded with one caption after another."""

    def __init__(self, opened: OpenedFile) -> None:
        self._opened = opened

    @property
    def info(self) -> FileInfo:
        """What the file holds."""
        return self._opened.info

    def decode(
        self,
        caption: str | None = None,
        *,
        realism: float | None = None,
        precision: str = "auto",
    ) -> Image.Image:
        """Returns the picture; arguments, warnings and errors as for ``sidelight.decode``."""
        picture = self._opened.decode(caption, realism=realism, precision=precision)
        return _shown(picture, stacklevel=3)


def open(data: bytes | Path | str, *, model: str | Path | None = None) -> File:
    """Returns a file, read and checked, for several captions.

    Args:
        data: The whole file, or its path.
        model: As for ``decode``.

    Raises:
        CodecError: As for ``decode``.
    """
    return File(_opened(data, model))


def _opened(data: bytes | Path | str, model: str | Path | None) -> OpenedFile:
    file = data if isinstance(data, bytes) else Path(data).read_bytes()
    return decoder_of(file, model).open(file)


def _shown(picture: Picture, *, stacklevel: int) -> Image.Image:
    for note in picture.notes:
        warnings.warn(note, stacklevel=stacklevel)
    return to_pillow(picture)


def as_picture(image: ImageLike) -> Picture:
    """Returns what ``encode`` makes of its argument.

    Raises:
        ImageError: Neither a picture nor an array or tensor of a shape listed there.
    """
    match image:
        case Picture():
            return image
        case str() | Path():
            return read_picture(Path(image))
        case Image.Image():
            return from_pillow(image)
        case torch.Tensor():
            return from_pillow(Image.fromarray(_tensor_to_array(image)))
        case np.ndarray() if image.dtype == np.uint8 and image.size and _is_picture(image.shape):
            return from_pillow(Image.fromarray(image))
    found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image)
    raise ImageError(f"got {found}, expected a uint8 array (h, w), (h, w, 3) or (h, w, 4)")


def _is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))


def _tensor_to_array(image: torch.Tensor) -> np.ndarray:
    if image.dim() != 3 or image.shape[0] != 3 or not image.numel():
        raise ImageError(f"got a tensor of shape {tuple(image.shape)}, expected (3, h, w)")
    if image.is_floating_point():
        if not image.isfinite().all():
            raise ImageError("got a tensor with NaN or infinite values, expected values in [0, 1]")
        image = image.detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    if image.dtype != torch.uint8:
        raise ImageError(f"got a tensor of {image.dtype}, expected uint8 or floating in [0, 1]")
    return image.permute(1, 2, 0).cpu().numpy()
