"""WebP, AVIF and JPEG XL on the same pictures, at the settings nearest to a given rate."""

import math
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from statistics import fmean, median
from typing import Any, NamedTuple

import imageio_ffmpeg
import numpy as np
from PIL import AvifImagePlugin, Image

from benchmarks.record import Record

_AVIF_SPEED, _WEBP_METHOD, _JXL_EFFORT = 6, 4, 7
_NUM_CALIBRATION = 6


class OtherCodec(NamedTuple):
    """How to code with it, and its settings from the smallest file to the largest."""

    name: str
    fixed: str
    settings: Sequence[float]
    encode: Callable[[np.ndarray, float], bytes]
    decode: Callable[[bytes, tuple[int, ...]], np.ndarray]


def other_codecs(threads: int) -> list[OtherCodec]:
    """Returns the codecs, each limited to so many threads."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = threads  # Pillow has no other way for decoding
    webp = partial(_encode_pillow, options={"format": "WEBP", "method": _WEBP_METHOD})
    avif = {"format": "AVIF", "speed": _AVIF_SPEED, "max_threads": threads}
    avif_encode = partial(_encode_pillow, options=avif)
    distances = [k / 4 for k in range(60, 1, -1)]
    return [
        OtherCodec("webp", f"method {_WEBP_METHOD}", range(101), webp, _decode_pillow),
        OtherCodec("avif", f"speed {_AVIF_SPEED}", range(1, 96), avif_encode, _decode_pillow),
        OtherCodec(
            "jpeg-xl",
            f"ffmpeg process, effort {_JXL_EFFORT}",
            distances,
            partial(_encode_jxl, threads=threads),
            partial(_decode_jxl, threads=threads),
        ),
    ]


def measure_other(
    codec: OtherCodec, images: Sequence[np.ndarray], target_bpp: float, repeat: int
) -> Record:
    """Returns its setting, rate and median milliseconds per picture."""
    setting = nearest_setting(codec, images[:_NUM_CALIBRATION], target_bpp)
    rates, encode_s, decode_s = [], [], []
    for image in images:
        for _ in range(repeat):
            start = time.perf_counter()
            data = codec.encode(image, setting)
            middle = time.perf_counter()
            decoded = codec.decode(data, image.shape)
            end = time.perf_counter()
            if decoded.shape != image.shape:
                raise RuntimeError(f"{codec.name}: {decoded.shape}, expected {image.shape}")
            encode_s.append(middle - start)
            decode_s.append(end - middle)
        rates.append(_bpp(data, image))
    return {
        "codec": codec.name,
        "setting": f"{codec.fixed}, {setting:g}",
        "bpp": fmean(rates),
        "encode_ms": 1000 * median(encode_s),
        "decode_ms": 1000 * median(decode_s),
    }


def nearest_setting(codec: OtherCodec, images: Sequence[np.ndarray], target_bpp: float) -> float:
    """Returns the setting whose mean rate is nearest, found by halving the settings."""

    def rate(k: int) -> float:
        return fmean(_bpp(codec.encode(image, codec.settings[k]), image) for image in images)

    low, high = 0, len(codec.settings) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rate(middle) < target_bpp else (low, middle)
    nearest = min((low, high), key=lambda k: abs(math.log(rate(k) / target_bpp)))
    return codec.settings[nearest]


def ffmpeg_start_ms(repeat: int) -> float:
    """Returns the median milliseconds in which ffmpeg starts and ends, doing nothing."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        _ffmpeg("-version")
        seconds.append(time.perf_counter() - start)
    return 1000 * median(seconds)


def _bpp(data: bytes, image: np.ndarray) -> float:
    height, width = image.shape[:2]
    return 8 * len(data) / int(height * width)


def _encode_pillow(image: np.ndarray, setting: float, *, options: dict[str, Any]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, quality=int(setting), **options)
    return buffer.getvalue()


def _decode_pillow(data: bytes, _shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


_RAW = ("-f", "rawvideo", "-pix_fmt", "rgb24")


def _encode_jxl(image: np.ndarray, setting: float, *, threads: int) -> bytes:
    size = f"{image.shape[1]}x{image.shape[0]}"
    coding = ("-c:v", "libjxl", "-distance", str(setting), "-effort", str(_JXL_EFFORT))
    source = (*_RAW, "-s", size, "-i", "pipe:")
    target = (*coding, "-threads", str(threads), "-f", "image2pipe", "pipe:")
    return _ffmpeg(*source, *target, data=image.tobytes())


def _decode_jxl(data: bytes, shape: tuple[int, ...], *, threads: int) -> np.ndarray:
    source = ("-threads", str(threads), "-f", "jpegxl_pipe", "-i", "pipe:")
    return np.frombuffer(_ffmpeg(*source, *_RAW, "pipe:", data=data), np.uint8).reshape(shape)


def _ffmpeg(*arguments: str, data: bytes = b"") -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout
