"""Peak memory and time of the command line on one large picture.

python -m benchmarks.memory.large_picture [--megapixels 40] [--format avif]

The picture is made of Kodak tiles, each turned, mirrored and shaded at random. Encoding and
decoding run as fresh processes. Exit code 1 if one takes more than the limit.
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
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.api import decoder_of
from sidelight.evaluate.environment import environment

_SEED = 4020
_LIMIT_BYTES = int(2.5 * 2**30)
_ASPECT = 4 / 3
_MULTIPLE = 32
_TILE = 512
_COMMANDS: dict[str, tuple[str, ...]] = {
    "decode with caption": ("--caption", "A quilt of photographs."),
    "decode without caption": ("--caption-from", "none"),
}


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megapixels", type=float, default=40)
    parser.add_argument("--quality", type=float, default=5)
    parser.add_argument("--format", choices=("slt", "avif", "jpg", "webp"), default="slt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    add_output_option(parser, "memory_large_picture.json")
    arguments = parser.parse_args()

    width, height = size_of(arguments.megapixels)
    head = environment(seed=_SEED)
    with tempfile.TemporaryDirectory() as folder:
        source, coded = Path(folder) / "large.png", Path(folder) / f"large.{arguments.format}"
        quilt(width, height, np.random.default_rng(_SEED)).save(source, compress_level=1)
        say(f"made {width}x{height}")
        threads = {"OMP_NUM_THREADS": str(arguments.threads)}
        encode = sidelight_command("encode", source, coded, "--quality", str(arguments.quality))
        rows = [{"command": "encode", **measure(encode, threads)}]
        for name, options in _COMMANDS.items():
            target = Path(folder) / "decoded.png"
            decode = sidelight_command("decode", coded, target, *options, "--force")
            decode += ["--precision", arguments.precision]
            rows.append({"command": name, **measure(decode, threads)})
            check_size(target, width, height)
        data = coded.read_bytes()
    record = {
        "environment": head | {"model": decoder_of(data).fingerprint.hex()},
        "conditions": {
            "threads": arguments.threads,
            "quality": arguments.quality,
            "format": arguments.format,
            "precision": arguments.precision,
            "limit_bytes": _LIMIT_BYTES,
        },
        "picture": {
            "width": width,
            "height": height,
            "bytes": len(data),
            "bpp": 8 * len(data) / (width * height),
        },
        "rows": rows,
    }
    write_record(arguments.output, record)
    sys.exit(0 if all(row["within_limit"] for row in rows) else 1)


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


def measure(command: list[str], threads: dict[str, str]) -> Record:
    """Returns seconds, peak and whether it is within the limit."""
    measured = run_measured(command, threads)
    say(f"{command[1]}: {measured.wall_s:.1f} s, {measured.peak_bytes / 2**30:.2f} GiB")
    return {**measured._asdict(), "within_limit": measured.peak_bytes <= _LIMIT_BYTES}


def check_size(path: Path, width: int, height: int) -> None:
    """Raises RuntimeError if the decoded picture has another size."""
    with Image.open(path) as decoded:
        if decoded.size != (width, height):
            raise RuntimeError(f"decoded to {decoded.size}, expected {(width, height)}")


if __name__ == "__main__":
    main()
