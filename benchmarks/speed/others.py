"""WebP, AVIF and JPEG XL on the same pictures, at the settings nearest to a given rate."""

import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from PIL import AvifImagePlugin

from benchmarks.record import Record
from sidelight.evaluate.codecs.equal_rate import bits_per_pixel, nearest_setting
from sidelight.evaluate.codecs.ffmpeg import find_ffmpeg, jpeg_xl
from sidelight.evaluate.codecs.pillow import avif, webp
from sidelight.evaluate.codecs.protocol import CodecPoint

_AVIF_SPEED, _WEBP_METHOD, _JXL_EFFORT = 6, 4, 7
_NUM_CALIBRATION = 6


class OtherCodec(NamedTuple):
    """How to make it at a setting, and its settings from the smallest file to the largest."""

    name: str
    fixed: str
    settings: Sequence[float]
    at: Callable[[float], CodecPoint]


def other_codecs(threads: int) -> list[OtherCodec]:
    """Returns the codecs, each limited to so many threads."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = threads  # Pillow has no other way for decoding
    distances = [k / 4 for k in range(60, 1, -1)]
    return [
        OtherCodec(
            "webp", f"method {_WEBP_METHOD}", range(101), partial(webp, method=_WEBP_METHOD)
        ),
        OtherCodec(
            "avif",
            f"speed {_AVIF_SPEED}",
            range(1, 96),
            partial(avif, speed=_AVIF_SPEED, threads=threads),
        ),
        OtherCodec(
            "jpeg-xl",
            f"ffmpeg process, effort {_JXL_EFFORT}",
            distances,
            partial(jpeg_xl, effort=_JXL_EFFORT, threads=threads),
        ),
    ]


def measure_other(
    codec: OtherCodec, images: Sequence[np.ndarray], target_bpp: float, repeat: int
) -> Record:
    """Returns its setting, rate and median milliseconds per picture."""
    setting = nearest_setting(codec.settings, codec.at, images[:_NUM_CALIBRATION], target_bpp)
    point = codec.at(setting)
    rates, encode_s, decode_s = [], [], []
    for image in images:
        for _ in range(repeat):
            start = time.perf_counter()
            data = point.encode(image)
            middle = time.perf_counter()
            decoded = point.decode(data, "")
            end = time.perf_counter()
            if decoded.shape != image.shape:
                raise RuntimeError(f"{codec.name}: {decoded.shape}, expected {image.shape}")
            encode_s.append(middle - start)
            decode_s.append(end - middle)
        rates.append(bits_per_pixel(data, image))
    return {
        "codec": codec.name,
        "setting": f"{codec.fixed}, {setting:g}",
        "bpp": fmean(rates),
        "encode_ms": 1000 * median(encode_s),
        "decode_ms": 1000 * median(decode_s),
    }


def ffmpeg_start_ms(repeat: int) -> float:
    """Returns the median milliseconds in which ffmpeg starts and ends, doing nothing."""
    command = [find_ffmpeg(), "-v", "error", "-version"]
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    return 1000 * median(seconds)
