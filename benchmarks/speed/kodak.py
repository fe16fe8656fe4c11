"""Seconds of encoding and decoding Kodak, of each part, of the command line, and of other codecs.

python -m benchmarks.speed.kodak [--quality 5] [--threads 2] [--repeat 3]

Medians over pictures and runs after a warm-up; shares are of the sum over all runs.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import TypeVar

from benchmarks.pictures import CaptionedPicture, load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from benchmarks.speed.others import ffmpeg_start_ms, measure_other, other_codecs
from benchmarks.speed.parts import Timed, precisions, time_decode, time_encode
from benchmarks.speed.processes import measure_commands
from benchmarks.threads import use_threads
from sidelight.api import load
from sidelight.codec.codec import Codec
from sidelight.evaluate.environment import environment
from sidelight.pixels.encoding import encode_picture
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import Picture

T = TypeVar("T")


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quality", type=float, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=int, help="only the first pictures")
    add_output_option(parser, "speed_kodak.json")
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    codec = load()
    head = environment(model=codec.fingerprint)
    captioned = load_dataset("kodak")[: arguments.limit]
    pictures = [read_picture(c.path) for c in captioned]
    coding = measure_coding(codec, captioned, pictures, arguments.quality, arguments.repeat)
    say("coding measured")
    others = [
        measure_other(other, [p.image for p in pictures], coding["bpp"], arguments.repeat)
        for other in other_codecs(arguments.threads)
    ]
    say("other codecs measured")
    first = captioned[0]
    with tempfile.TemporaryDirectory() as folder:
        commands = measure_commands(
            first.path,
            first.caption,
            arguments.quality,
            Path(folder),
            threads=arguments.threads,
            repeat=arguments.repeat,
        )
    record = {
        "environment": head,
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {
            "quality": arguments.quality,
            "threads": arguments.threads,
            "repeat": arguments.repeat,
        },
        "coding": coding,
        "others": others,
        "ffmpeg_start_ms": ffmpeg_start_ms(arguments.repeat),
        "commands": commands,
    }
    write_record(arguments.output, record)


def measure_coding(
    codec: Codec,
    captioned: Sequence[CaptionedPicture],
    pictures: Sequence[Picture],
    quality: float,
    repeat: int,
) -> Record:
    """Returns the medians of ``Codec.encode`` and ``Codec.decode`` and what they consist of."""
    captions = [c.caption for c in captioned]
    for picture in {p.image.shape: p for p in pictures}.values():
        data = codec.encode(picture, quality=quality)
        for precision in precisions():
            codec.decode(data, captions[0], precision=precision)
    encoded = [time_encode(codec, p, quality) for p in pictures for _ in range(repeat)]
    files: list[bytes] = [run.result for run in encoded[::repeat]]
    decoded = {
        precision: [
            time_decode(codec, data, caption, precision)
            for data, caption in zip(files, captions, strict=True)
            for _ in range(repeat)
        ]
        for precision in precisions()
    }
    rates = [8 * len(d) / (p.width * p.height) for d, p in zip(files, pictures, strict=True)]
    return {
        "bpp": fmean(rates),
        "encode": in_parts(encoded),
        "decode": {precision: in_parts(runs) for precision, runs in decoded.items()},
        "text_encoder_s_per_caption": _median_seconds(
            codec.captions.vectors, [[c] for c in captions]
        ),
        "write_png_s": _median_seconds(
            lambda picture: encode_picture(picture, "png"),
            [run.result for run in decoded["fp32"][::repeat]],
        ),
    }


def in_parts(runs: Sequence[Timed]) -> Record:
    """Returns the median of the whole and of each part, and the part's share of the sum."""
    total = sum(run.total_s for run in runs)
    return {
        "median_s": median(run.total_s for run in runs),
        "parts": {
            part: {
                "median_s": median(run.parts_s[part] for run in runs),
                "share_percent": 100 * sum(run.parts_s[part] for run in runs) / total,
            }
            for part in runs[0].parts_s
        },
    }


def _median_seconds(work: Callable[[T], object], arguments: Iterable[T]) -> float:
    seconds = []
    for argument in arguments:
        start = time.perf_counter()
        work(argument)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


if __name__ == "__main__":
    main()
