"""The Python interface: ``sidelight.encode``, ``decode``, ``open``, ``load``, ``load_carrier``."""

import copy
import os
import sys
import warnings
from functools import cache
from io import TextIOBase
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar

import numpy as np
from PIL import Image

from sidelight.bitstream.header import MAGIC
from sidelight.bitstream.quality import DEFAULT_QUALITY
from sidelight.carriers.carrier import Carrier
from sidelight.carriers.registry import CARRIERS, SUFFIXES, carrier_of_suffix, check_start
from sidelight.codec.card import find_model
from sidelight.codec.carrier_codec import CarrierCodec
from sidelight.codec.codec import Codec
from sidelight.codec.info import FileInfo
from sidelight.codec.joint_codec import codec_of
from sidelight.codec.loading import load_model
from sidelight.codec.opened import OpenedFile
from sidelight.errors import CheckpointError, ConfigError, ImageError, SidelightWarning
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import Picture, from_pillow, to_pillow
from sidelight.pixels.rate import max_bytes_for
from sidelight.pixels.rights import rights_lost_without
from sidelight.pixels.size import check_size

if TYPE_CHECKING:
    import torch

DEFAULT_MODEL = "small-multirate"
DEFAULT_CARRIER_MODEL = "carrier-small"
END_TO_END = "slt"
"""The format of our own codec; the others are ordinary files."""

_HALF_A_LEVEL = 0.5 / 255

Buffer = bytes | bytearray | memoryview
PathLike = str | os.PathLike[str]
ImageLike: TypeAlias = (
    "Picture | Image.Image | np.ndarray | torch.Tensor | PathLike | Buffer | BinaryIO"
)
FileLike = PathLike | Buffer | BinaryIO


def load(
    model: PathLike | None = None, *, max_pixels: int | None = None, device: str | None = None
) -> Codec:
    """Returns the codec of .slt files, to be used again and again.

    It may be used in threads, pickled, copied, and sent to worker processes; a forked worker
    computes in one thread.

    Args:
        model: Name of a model that ships with the package, path of a checkpoint, or None for
            the default model.
        max_pixels: Files of larger pictures are refused before they are decoded. None for 2**27
            pixels, and 2**24 in files of less than a byte per 1,024 pixels.
        device: Where torch (extra ``torch``) is to run the model, such as "cuda"; None for
            onnxruntime on the processor.

    Raises:
        CheckpointError: There is no such model, its file is broken, or it is a carrier generator.
        ConfigError: There is no such device.
    """
    path = find_model(model or DEFAULT_MODEL)
    loaded = _load(path, device)
    if isinstance(loaded, CarrierCodec):
        raise CheckpointError(
            f"{path} is a carrier generator, which improves files of {', '.join(CARRIERS)}; "
            ".slt files need a codec"
        )
    return _limited(loaded, max_pixels)


def load_carrier(
    model: PathLike | None = None, *, max_pixels: int | None = None, device: str | None = None
) -> CarrierCodec:
    """Returns what improves ordinary AVIF, JPEG, WebP and JPEG XL files, to be used again.

    Args:
        model: As for ``load``; None for the default carrier generator.
        max_pixels: As for ``load``.
        device: As for ``load``.

    Raises:
        CheckpointError: There is no such model, its file is broken, or it is no carrier generator.
        ConfigError: As for ``load``.
    """
    path = find_model(model or DEFAULT_CARRIER_MODEL)
    loaded = _load(path, device)
    if isinstance(loaded, Codec):
        raise CheckpointError(
            f"{path} is a codec of .slt files; files of {', '.join(CARRIERS)} need a carrier "
            "generator"
        )
    return _limited(loaded, max_pixels)


def decoder_of(
    data: bytes,
    model: PathLike | None = None,
    *,
    max_pixels: int | None = None,
    device: str | None = None,
) -> Codec | CarrierCodec:
    """Returns what decodes a file: the codec of .slt files, or a carrier generator.

    Args:
        data: The file, or its beginning.
        model: As for ``load``; None for the default of either kind.
        max_pixels: As for ``load``.
        device: As there.

    Raises:
        NotABitstreamError: It is neither.
        CheckpointError: As for ``load`` and ``load_carrier``.
    """
    if data.startswith(MAGIC):
        return load(model, max_pixels=max_pixels, device=device)
    check_start(data)
    return load_carrier(model, max_pixels=max_pixels, device=device)


@cache
def _load(path: Path, device: str | None) -> Codec | CarrierCodec:
    checkpoint = load_model(path, device)
    if checkpoint.model.config.improves_carriers:
        return CarrierCodec(checkpoint)
    return codec_of(checkpoint)


_AnyCodec = TypeVar("_AnyCodec", Codec, CarrierCodec)


def _limited(codec: _AnyCodec, max_pixels: int | None) -> _AnyCodec:
    """Returns the codec with this limit; all that are loaded of one model share its weights."""
    _check_limit(max_pixels)
    if max_pixels == codec.max_pixels:
        return codec
    limited = copy.copy(codec)
    limited.max_pixels = max_pixels
    return limited


def _check_limit(max_pixels: int | None) -> None:
    if max_pixels is not None and not (isinstance(max_pixels, Integral) and max_pixels >= 1):
        raise ConfigError(f"max_pixels must be a whole number of at least 1, got {max_pixels!r}")


def encode(
    image: ImageLike,
    *,
    format: str = "avif",
    quality: float = DEFAULT_QUALITY,
    bpp: float | None = None,
    max_bytes: int | None = None,
    effort: int | None = None,
    caption: str | None = None,
    caption_as: str = "embed",
    model: PathLike | None = None,
    max_pixels: int | None = None,
) -> bytes:
    """Returns the bytes of an ordinary file, or of a .slt file, that ``decode`` opens.

    Of all models only TGIC, whose encoder reads it, needs the caption.

    Args:
        image: Path, bytes or stream of a picture file, Pillow image, uint8 array (h, w),
            (h, w, 3) or (h, w, 4), or tensor (3, h, w), uint8 or floating in [0, 1].
        format: "avif", "jpeg" or "jpg", "webp", "jxl", or "slt" for our own codec.
        quality: 1 (smallest file) to 9.
        bpp: If given, the best file of at most this many bits per pixel; ``quality`` is not used.
        max_bytes: If given, the best file of at most this size; ``quality`` is not used.
        effort: Of ordinary files but JPEG, 1 (fastest) to 9 (smallest); None for the format's own.
        caption: Travels inside the file; in an ordinary one, as its XMP description.
        caption_as: "embed", or "digest" for its four-byte digest alone; for .slt files.
        model: As for ``load``; for .slt files.
        max_pixels: Larger pictures are refused before they are decoded; None as for ``load``.

    Raises:
        CodecError: The picture cannot be read, or a value is out of range.
    """
    _check_limit(max_pixels)
    carrier = None if format == END_TO_END else _carrier_of(format)
    picture = as_picture(image, max_pixels=max_pixels)
    if carrier is not None:
        picture = carrier.fitted(picture)
    for note in picture.notes:
        warnings.warn(note, SidelightWarning, stacklevel=2)
    if bpp is not None and max_bytes is not None:
        raise ConfigError("give only one of bpp and max_bytes")
    size = max_bytes if bpp is None else max_bytes_for(bpp, picture)
    if carrier is not None:
        if caption_as != "embed" or model is not None:
            raise ConfigError(f"{format} takes neither model nor digests: they are for .slt files")
        if size is not None:
            return carrier.encode_to_size(picture, size, caption=caption, effort=effort)
        return carrier.encode(picture, quality, caption=caption, effort=effort)
    if effort is not None:
        raise ConfigError("effort is for ordinary files, .slt files have one")
    codec = load(model)
    for note in rights_lost_without(picture.xmp):
        warnings.warn(note, SidelightWarning, stacklevel=2)
    if size is not None:
        return codec.encode_to_size(picture, size, caption=caption, caption_as=caption_as)
    return codec.encode(picture, quality=quality, caption=caption, caption_as=caption_as)


def _carrier_of(format: str) -> Carrier:
    carrier = carrier_of_suffix(f".{format}")
    if carrier is None:
        known = ", ".join((*(s.removeprefix(".") for s in SUFFIXES), END_TO_END))
        raise ConfigError(f"format must be one of {known}, got {format!r}")
    return carrier


def decode(
    data: FileLike,
    *,
    caption: str | None = None,
    realism: float | None = None,
    precision: str = "auto",
    model: PathLike | None = None,
    max_pixels: int | None = None,
    device: str | None = None,
) -> Image.Image:
    """Returns the picture of an ordinary AVIF, JPEG, WebP or JPEG XL file, or of a .slt file.

    A caption other than the one the sender digested gives a warning, and so do conversions.

    Args:
        data: The whole file as bytes, its path, or a stream.
        caption: "" for none; None for the one inside the file, if any.
        realism: For ordinary files, the dial from 0 (faithful) to 1 (natural); None for the
            model's default.
        precision: Of the generator: "auto", "fp32" or "bf16".
        model: As for ``load`` and ``load_carrier``; None for the default of either.
        max_pixels: As for ``load``.
        device: As there.

    Raises:
        CodecError: The bytes are no sound file of these, or need another model.
    """
    opened = _opened(data, model, max_pixels, device)
    return _shown(opened.decode(caption, realism=realism, precision=precision), stacklevel=3)


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


def open(
    data: FileLike,
    *,
    model: PathLike | None = None,
    max_pixels: int | None = None,
    device: str | None = None,
) -> File:
    """Returns a file, read and checked, for several captions.

    Args:
        data: The whole file as bytes, its path, or a stream.
        model: As for ``decode``.
        max_pixels: As for ``load``.
        device: As there.

    Raises:
        CodecError: As for ``decode``.
    """
    return File(_opened(data, model, max_pixels, device))


def _opened(
    data: FileLike, model: PathLike | None, max_pixels: int | None, device: str | None
) -> OpenedFile:
    file = _file_bytes(data)
    return decoder_of(file, model, max_pixels=max_pixels, device=device).open(file)


def _shown(picture: Picture, *, stacklevel: int) -> Image.Image:
    for note in picture.notes:
        warnings.warn(note, SidelightWarning, stacklevel=stacklevel)
    return to_pillow(picture)


def as_picture(image: ImageLike, *, max_pixels: int | None = None) -> Picture:
    """Returns what ``encode`` makes of its argument.

    Raises:
        ImageError: Neither a picture nor an array or tensor of a shape listed there, or too large.
    """
    match image:
        case Picture():
            return image
        case str() | os.PathLike():
            return read_picture(Path(image), max_pixels=max_pixels)
        case Image.Image():
            return _from_pillow(image, max_pixels)
        case _ if _is_tensor(image):
            return _from_pillow(Image.fromarray(_tensor_to_array(image)), max_pixels)
        case np.ndarray() if image.dtype == np.uint8 and image.size and _is_picture(image.shape):
            return _from_pillow(Image.fromarray(image), max_pixels)
        case np.ndarray():
            found = f"{image.dtype} {image.shape}"
        case bytes() | bytearray() | memoryview():
            return decode_picture(bytes(image), max_pixels=max_pixels)
        case _ if hasattr(image, "read"):
            return decode_picture(_file_bytes(image), max_pixels=max_pixels)
        case _:
            found = str(type(image))
    raise ImageError(
        f"got {found}, expected a uint8 array (h, w), (h, w, 3) or (h, w, 4), a tensor (3, h, w), "
        "a Pillow image, or a picture file as path, bytes or stream"
    )


def _from_pillow(image: Image.Image, max_pixels: int | None) -> Picture:
    check_size(*image.size, max_pixels=max_pixels)
    try:
        return from_pillow(image)
    except ImageError:
        raise
    except Exception as error:  # what was opened and not yet read may be broken
        raise ImageError(
            f"Pillow cannot read the image that it opened ({error or type(error).__name__}); "
            "fetch or export it again"
        ) from error


def _file_bytes(data: Any) -> bytes:
    """Returns a whole file.

    Raises:
        ConfigError: It is neither bytes nor a path nor a stream of bytes.
    """
    if isinstance(data, str | os.PathLike):
        return Path(data).read_bytes()
    found = data
    if hasattr(data, "read") and not isinstance(data, TextIOBase):
        found = data.read()
    if not isinstance(found, Buffer):
        raise ConfigError(
            f"got {type(data).__name__}, expected a file as path, bytes or stream of bytes"
        )
    return bytes(found)


def _is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))


def _is_tensor(image: Any) -> bool:
    torch = sys.modules.get("torch")  # whoever holds a tensor has imported it
    return torch is not None and isinstance(image, torch.Tensor)


def _tensor_to_array(image: Any) -> np.ndarray:
    if image.dim() != 3 or image.shape[0] != 3 or not image.numel():
        raise ImageError(f"got a tensor of shape {tuple(image.shape)}, expected (3, h, w)")
    if image.is_floating_point():
        low, high = (bound.item() for bound in image.detach().float().aminmax())
        if not (low >= -_HALF_A_LEVEL and high <= 1 + _HALF_A_LEVEL):  # false for NaN too
            raise ImageError(
                f"got a tensor with values from {low:g} to {high:g}, expected values in [0, 1]; "
                "scale or clamp it first"
            )
        image = image.detach().float().clamp(0, 1).mul(255).round().byte()
    levels: np.ndarray = image.permute(1, 2, 0).cpu().numpy()
    if levels.dtype != np.uint8:
        raise ImageError(f"got a tensor of {image.dtype}, expected uint8 or floating in [0, 1]")
    return levels
