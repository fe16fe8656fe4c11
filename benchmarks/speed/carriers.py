"""Seconds of decoding Kodak from AVIF: plain, improved by carrier generators, and from .slt.

python -m benchmarks.speed.carriers [--quality 5] [--threads 2] [--repeat 3] [--model MODEL ...]

Medians over pictures and runs after a warm-up, all in one process, turn by turn.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

from benchmarks.pictures import load_dataset, manifest
from benchmarks.record import add_output_option, say, write_record
from benchmarks.speed.parts import precisions
from benchmarks.threads import use_threads
from sidelight.api import DEFAULT_CARRIER_MODEL, load, load_carrier
from sidelight.carriers.reading import read
from sidelight.carriers.registry import CARRIERS
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quality", type=float, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=int, help="only the first pictures")
    parser.add_argument(
        "--model",
        nargs="+",
        default=[DEFAULT_CARRIER_MODEL],
        help="carrier generators: names or checkpoints; the default one if not given",
    )
    add_output_option(parser, "speed_carriers.json")
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    improvers, codec = {name: load_carrier(name) for name in arguments.model}, load()
    captioned = load_dataset("kodak")[: arguments.limit]
    seconds: dict[str, list[float]] = {}
    for place, each in enumerate(captioned):
        picture, caption = read_picture(each.path), each.caption
        avif = CARRIERS["avif"].encode(picture, arguments.quality)
        slt = codec.encode(picture, quality=arguments.quality)
        works: dict[str, Callable[[], object]] = {"avif": lambda avif=avif: read(avif)}
        for precision in precisions():
            for name, improver in improvers.items():
                works[f"avif, {name}, {precision}"] = (
                    lambda avif=avif, caption=caption, precision=precision, improver=improver: (
                        improver.decode(avif, caption, precision=precision)
                    )
                )
            works[f"slt, {precision}"] = lambda slt=slt, caption=caption, precision=precision: (
                codec.decode(slt, caption, precision=precision)
            )
        for run in range(arguments.repeat + (place == 0)):
            for name, work in works.items():
                start = time.perf_counter()
                work()
                if run > 0 or place > 0:  # the very first run is the warm-up
                    seconds.setdefault(name, []).append(time.perf_counter() - start)
        say(f"{each.path.stem} measured")
    record = {
        "environment": environment(),
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {
            "quality": arguments.quality,
            "threads": arguments.threads,
            "repeat": arguments.repeat,
            "models": {name: each.fingerprint.hex() for name, each in improvers.items()},
            "slt": codec.fingerprint.hex(),
        },
        "decode": {name: {"median_s": median(runs)} for name, runs in seconds.items()},
    }
    write_record(arguments.output, record)


if __name__ == "__main__":
    main()
