"""The files that every processor must decode alike: Kodak, and synthetic pictures of all sizes."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.pictures import CaptionedPicture
from sidelight.api import load
from sidelight.bitstream.container import Container
from sidelight.codec.card import find_model
from sidelight.codec.codec import Codec, grouped
from sidelight.codec.joint_codec import JointCodec, codec_of
from sidelight.codec.loading import load_by_torch
from sidelight.entropy.latents import Latents
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import Picture, from_pillow
from sidelight.runtime.codec import OnnxCodec

_AWKWARD_SIZES = ((1, 1), (1, 257), (300, 1), (2, 3), (63, 65), (65, 63), (64, 64), (128, 192))
_LARGEST_SIDE = 300
_CAPTION_OF_ALL = "a photograph"
"""What a joint codec, which codes no picture without a caption, is told of each."""
_SHARED_QUALITY = 5.0
"""Every Kodak picture is coded at this one too, so that whole batches share a network pass."""
_SYNTHETIC_QUALITIES = (2.0, 7.0)


ONNXRUNTIME, TORCH = "onnxruntime", "torch"


def load_codecs(model: str) -> dict[str, Codec]:
    """Returns a model by each runtime that has it, torch last, as codecs that need no caption."""
    by_torch = _untold(codec_of(load_by_torch(find_model(model))))
    codec = load(model)
    if isinstance(codec.model, OnnxCodec):
        return {ONNXRUNTIME: codec, TORCH: by_torch}
    return {TORCH: by_torch}


def _untold(codec: Codec) -> Codec:
    return codec.told(_CAPTION_OF_ALL) if isinstance(codec, JointCodec) else codec


class CodedFile(NamedTuple):
    """One file with what the encoder knows of it."""

    name: str
    data: bytes
    caption: str
    latents_sha256: str
    """Of the integers before they were coded."""
    synthesised: bool
    """Whether the generator is compared too, or only the integers."""


def encode_kodak(
    codec: Codec, captioned: list[CaptionedPicture], *, num_synthesised: int
) -> Iterator[CodedFile]:
    """Yields every picture at two qualities: one that all share, and its own between 1 and 9."""
    for k, one in enumerate(captioned):
        picture = read_picture(one.path)
        for quality in (_SHARED_QUALITY, 1.0 + k % 9):
            synthesised = k < num_synthesised and quality == _SHARED_QUALITY
            yield _encode(
                codec, f"{one.path.stem}-q{quality:g}", picture, quality, one.caption, synthesised
            )


def encode_synthetic(codec: Codec, count: int, seed: int) -> Iterator[CodedFile]:
    """Yields ``count`` coded pictures of smooth noise, every other one with a caption."""
    generator = np.random.default_rng(seed)
    for k in range(count):
        if k < len(_AWKWARD_SIZES):
            width, height = _AWKWARD_SIZES[k]
        else:
            width, height = (int(n) for n in generator.integers(1, _LARGEST_SIDE + 1, 2))
        picture = from_pillow(smooth_noise(width, height, generator))
        quality = _SYNTHETIC_QUALITIES[k // 2 % 2]
        caption = "Blurred patches of several colors." if k % 2 else ""
        yield _encode(codec, f"noise-{width}x{height}", picture, quality, caption, synthesised=True)


def smooth_noise(width: int, height: int, generator: np.random.Generator) -> Image.Image:
    """Returns random colours blurred over about sixteen pixels, with a little grain."""
    coarse = generator.integers(0, 256, (height // 16 + 2, width // 16 + 2, 3), np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = generator.normal(0, 4, (height, width, 3))
    return Image.fromarray((np.asarray(smooth) + grain).round().clip(0, 255).astype(np.uint8))


def _encode(
    codec: Codec, name: str, picture: Picture, quality: float, caption: str, synthesised: bool
) -> CodedFile:
    digest = latents_sha256(codec.quantised(picture, quality), 0)
    return CodedFile(name, codec.encode(picture, quality=quality), caption, digest, synthesised)


def latents_sha256(latents: Latents, k: int) -> str:
    """Returns the SHA-256 over z and y_hat of picture ``k``, as little-endian int32."""
    digest = hashlib.sha256(latents.z_symbols[k].astype("<i4").tobytes())
    digest.update(latents.fixed_point()[k].astype("<i4").tobytes())
    return digest.hexdigest()


def batches(containers: list[Container], *, batched: bool) -> list[list[int]]:
    """Returns the places of the files in each pass: alone, or with all that can share one."""
    if not batched:
        return [[k] for k in range(len(containers))]
    return list(grouped(containers).values())
