"""Chroma and speed of AVIF at equal bytes: LPIPS, SSIMULACRA2 and the encoder's time.

python -m benchmarks.rd.avif_settings [--speeds 4 6 8] [--every 3]

Each variant codes every third Kodak picture at a few of AVIF's own qualities. Between them a metric
of a picture is taken along its logarithm of the bytes, at the sizes of the reference: 4:2:0, speed
6, own qualities 15, 35 and 45, which are about 0.12, 0.3 and 0.5 bits per pixel.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import product
from statistics import fmean

import numpy as np
from PIL import Image
from scipy.interpolate import PchipInterpolator
from ssimulacra2 import compute_ssimulacra2

from benchmarks.pictures import load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.evaluate.codecs.equal_rate import bits_per_pixel
from sidelight.evaluate.environment import environment
from sidelight.metrics.perceptual import Lpips
from sidelight.metrics.protocol import Sample
from sidelight.pixels.files import read_picture

_CHROMAS = ("4:2:0", "4:4:4")
_GRID = (4, 13, 22, 31, 40, 50)
"""Own qualities whose range in bytes holds the reference's for each variant and picture."""
_REFERENCE_CHROMA, _REFERENCE_SPEED = "4:2:0", 6
_REFERENCE_QUALITIES = (15, 35, 45)
_THREADS = 2


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--speeds", type=int, nargs="+", default=[4, 6, 8], help="0 to 10")
    parser.add_argument("--every", type=int, default=3, help="code each so many-th picture")
    add_output_option(parser, "rd_avif_settings.json")
    arguments = parser.parse_args()

    head = environment()
    captioned = load_dataset("kodak")[:: arguments.every]
    images = [read_picture(c.path).image for c in captioned]
    references = [
        [len(_encode(image, quality, _REFERENCE_CHROMA, _REFERENCE_SPEED)) for image in images]
        for quality in _REFERENCE_QUALITIES
    ]
    lpips = Lpips()
    rows: list[Record] = []
    for chroma, speed in product(_CHROMAS, arguments.speeds):
        coded = [_measure(image, chroma, speed, lpips) for image in images]
        rows += [
            {"chroma": chroma, "speed": speed, "reference_quality": quality}
            | _at_sizes(coded, sizes, images)
            for quality, sizes in zip(_REFERENCE_QUALITIES, references, strict=True)
        ]
        say(f"{chroma} speed {speed}: {rows[-len(references) :]}")
    record: Record = {
        "environment": head,
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {"own_qualities": _GRID, "threads": _THREADS},
        "rows": rows,
    }
    write_record(arguments.output, record)


def _measure(image: np.ndarray, chroma: str, speed: int, lpips: Lpips) -> list[Record]:
    """Returns bytes, processor seconds and metrics at each own quality of the grid."""
    found: list[Record] = []
    for quality in _GRID:
        start = time.process_time()
        data = _encode(image, quality, chroma, speed)
        encode_cpu_s = time.process_time() - start
        decoded = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
        found.append(
            {
                "bytes": len(data),
                "encode_cpu_s": encode_cpu_s,
                "lpips": lpips(Sample(image, decoded, ())),
                "ssimulacra2": compute_ssimulacra2(_png(image), _png(decoded)),
            }
        )
    return found


def _at_sizes(
    coded: Sequence[Sequence[Record]], sizes: Sequence[int], images: Sequence[np.ndarray]
) -> Mapping[str, float]:
    """Returns the means over pictures of what each has at its size in bytes."""
    means = {
        key: fmean(_at_size(points, key, size) for points, size in zip(coded, sizes, strict=True))
        for key in ("lpips", "ssimulacra2", "encode_cpu_s")
    }
    rates = [bits_per_pixel(bytes(size), image) for size, image in zip(sizes, images, strict=True)]
    return {"bpp": fmean(rates)} | means


def _at_size(points: Sequence[Record], key: str, size: int) -> float:
    log_bytes = np.log([point["bytes"] for point in points])
    if not log_bytes[0] <= np.log(size) <= log_bytes[-1]:
        raise ValueError(f"{size} bytes are beyond the grid's {points[0]} to {points[-1]}")
    curve = PchipInterpolator(log_bytes, [point[key] for point in points])
    return float(curve(np.log(size)))


def _encode(image: np.ndarray, quality: int, chroma: str, speed: int) -> bytes:
    stream = BytesIO()
    options = {"subsampling": chroma, "speed": speed, "max_threads": _THREADS}
    Image.fromarray(image).save(stream, "AVIF", quality=quality, **options)
    return stream.getvalue()


def _png(image: np.ndarray) -> BytesIO:
    stream = BytesIO()
    Image.fromarray(image).save(stream, "PNG", compress_level=0)
    stream.seek(0)
    return stream


if __name__ == "__main__":
    main()
