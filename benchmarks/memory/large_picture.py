"""Peak memory and time of the command line on large pictures, over their pixels.

python -m benchmarks.memory.large_picture [--megapixels 1 4 16 40 100] [--formats slt avif jpg webp]

The pictures are made of Kodak tiles, each turned, mirrored and shaded at random. Encoding and
decoding run as fresh processes, one at a time. Of what is decoded the middle is compared with the
original, and so is that of an ordinary file as every viewer shows it. The record is written after
every format of every size. Exit code 1 if a process takes more than the limit.
"""

import argparse
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measured import run_measured, sidelight_command
from benchmarks.pictures import load_dataset
from benchmarks.rd.improvement import scores
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.evaluate.environment import environment

FORMATS = ("slt", "avif", "jpg", "webp")
_SEED = 4020
_LIMIT_BYTES = 3 * 2**29
_ASPECT = 4 / 3
_MULTIPLE = 32
_TILE = 512
_MIDDLE = 2 * _TILE
_CAPTION = "A quilt of photographs."


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 4, 16, 40, 100])
    parser.add_argument("--formats", choices=FORMATS, nargs="+", default=FORMATS)
    parser.add_argument("--quality", type=float, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    add_output_option(parser, "memory_large_picture.json")
    arguments = parser.parse_args()

    Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit, of which it warns
    record: Record = {
        "environment": environment(seed=_SEED),
        "conditions": {
            "threads": arguments.threads,
            "quality": arguments.quality,
            "precision": arguments.precision,
            "limit_bytes": _LIMIT_BYTES,
        },
        "rows": [],
    }
    for megapixels in arguments.megapixels:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "large.png"
            width, height = size_of(megapixels)
            quilt(width, height, np.random.default_rng(_SEED)).save(source, compress_level=1)
            say(f"made {width}x{height}")
            for format in arguments.formats:
                size = {"megapixels": megapixels, "width": width, "height": height}
                rows = measure(source, format, (width, height), arguments)
                record["rows"] += [size | row for row in rows]
                write_record(arguments.output, record)
    sys.exit(0 if all(row["peak_bytes"] <= _LIMIT_BYTES for row in record["rows"]) else 1)


def measure(
    source: Path, format: str, size: tuple[int, int], arguments: argparse.Namespace
) -> list[Record]:
    """Returns a row for encoding into a format and one for decoding from it."""
    coded, target = source.with_suffix(f".{format}"), source.with_name("decoded.png")
    decode = ("decode", coded, target, "--caption", _CAPTION, "--force")
    commands = {
        "encode": ("encode", source, coded, "--quality", str(arguments.quality)),
        "decode": (*decode, "--precision", arguments.precision),
    }
    rows = []
    for name, command in commands.items():
        threads = {"OMP_NUM_THREADS": str(arguments.threads)}
        measured = run_measured(sidelight_command(*command), threads)
        say(f"{format} {name}: {measured.wall_s:.1f} s, {measured.peak_bytes / 2**30:.2f} GiB")
        rows.append({"format": format, "command": name, **measured._asdict()})
    check_size(target, *size)
    shown = {"default": target} if format == "slt" else {"plain": coded, "default": target}
    rows[-1] |= scores(middle(source), **{name: middle(path) for name, path in shown.items()})
    return [{**row, "bytes": coded.stat().st_size} for row in rows]


def size_of(megapixels: float) -> tuple[int, int]:
    """Returns a width and height of about 4:3 with so many pixels, or a few less."""
    height = math.isqrt(round(megapixels * 1e6 / _ASPECT)) // _MULTIPLE * _MULTIPLE
    return int(megapixels * 1e6 / height) // _MULTIPLE * _MULTIPLE, height


def quilt(width: int, height: int, generator: np.random.Generator) -> Image.Image:
    """Returns a picture of square Kodak crops, no two alike."""
    photographs = [Image.open(p.path).convert("RGB") for p in load_dataset("kodak")]
    whole = Image.new("RGB", (width, height))
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            photograph = photographs[generator.integers(len(photographs))]
            x = int(generator.integers(photograph.width - _TILE + 1))
            tile = photograph.crop((x, 0, x + _TILE, _TILE))
            tile = tile.transpose(Image.Transpose(int(generator.integers(7))))
            gain = float(generator.uniform(0.7, 1.1))
            whole.paste(tile.point(lambda level, gain=gain: level * gain), (left, top))
    return whole


def middle(path: Path) -> np.ndarray:
    """Returns the middle of a picture, a few tiles of it, shape (h, w, 3)."""
    with Image.open(path) as image:
        width, height = (min(side, _MIDDLE) for side in image.size)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        return np.asarray(image.crop((left, top, left + width, top + height)).convert("RGB"))


def check_size(path: Path, width: int, height: int) -> None:
    """Raises RuntimeError if the decoded picture has another size."""
    with Image.open(path) as decoded:
        if decoded.size != (width, height):
            raise RuntimeError(f"decoded to {decoded.size}, expected {(width, height)}")


if __name__ == "__main__":
    main()
