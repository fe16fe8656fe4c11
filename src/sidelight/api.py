"""The Python interface: ``sidelight.encode``, ``sidelight.decode``, ``sidelight.load``."""

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from sidelight.checkpoint import load_checkpoint
from sidelight.codec import Codec
from sidelight.errors import CheckpointError, ImageError
from sidelight.joint_codec import codec_of
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import Picture, from_pillow, to_pillow

DEFAULT_MODEL = "small-multirate"
_WEIGHTS = Path(__file__).parent / "weights"

ImageLike = Picture | Image.Image | np.ndarray | torch.Tensor | Path | str


def load(model: str | Path | None = None) -> Codec:
    """Returns a codec to be used again and again.

    Args:
        model: Name of a model that ships with the package, path of a checkpoint, or None for
            the default model.

    Raises:
        CheckpointError: There is no such model, or its file is broken.
    """
    return _load(Path(_model_path(model)))


@cache
def _load(path: Path) -> Codec:
    return codec_of(load_checkpoint(path))


def _model_path(model: str | Path | None) -> Path:
    named = _WEIGHTS / f"{model or DEFAULT_MODEL}.safetensors"
    if named.exists():
        return named
    path = Path(model or DEFAULT_MODEL)
    if not path.exists():
        shipped = sorted(p.stem for p in _WEIGHTS.glob("*.safetensors"))
        raise CheckpointError(f"no model {str(model)!r}: shipped are {shipped}, or give a path")
    return path


def encode(
    image: ImageLike,
    *,
    quality: float = 5.0,
    max_bytes: int | None = None,
    embed_caption: str | None = None,
    digest_caption: str | None = None,
    model: str | Path | None = None,
) -> bytes:
    """Returns the bytes of a .slt file. Only TGIC, whose encoder reads it, needs the caption.

    Args:
        image: Path, Pillow image, uint8 array (h, w), (h, w, 3) or (h, w, 4), or tensor
            (3, h, w), uint8 or floating in [0, 1].
        quality: 1 (smallest file) to 9.
        max_bytes: If given, the best file of at most this size; ``quality`` is not used.
        embed_caption: Travels inside the file.
        digest_caption: Only its four-byte digest travels.
        model: As for ``load``.

    Raises:
        CodecError: The picture cannot be read, or a value is out of range.
    """
    codec, picture = load(model), as_picture(image)
    captions = {"embed_caption": embed_caption, "digest_caption": digest_caption}
    if max_bytes is not None:
        return codec.encode_to_size(picture, max_bytes, **captions)
    return codec.encode(picture, quality=quality, **captions)


def decode(
    data: bytes,
    *,
    text: str | None = None,
    precision: str = "auto",
    model: str | Path | None = None,
) -> Image.Image:
    """Returns the picture of a .slt file.

    A caption other than the one the sender digested gives a warning.

    Args:
        data: The whole file.
        text: The caption; "" for none; None for the one inside the file, if any.
        precision: Of the generator: "auto", "fp32" or "bf16".
        model: As for ``load``.

    Raises:
        CodecError: The bytes are no sound .slt file, or need another model.
    """
    picture = load(model).decode(data, text, precision=precision)
    for note in picture.notes:
        warnings.warn(note, stacklevel=2)
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
