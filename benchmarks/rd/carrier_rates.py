"""Which of each carrier's own qualities has the rates of .slt files: the knots of the carriers.

python -m benchmarks.rd.carrier_rates [--carriers avif jpeg]

Rates are means of bits per pixel of whole files over Kodak. Each target is that of the shipped
model at one of its qualities (evaluate_rd_kodak.json); the own quality nearest to it in ratio is
found by halving. Where a codec cannot go so low, that is its lowest.
"""

import argparse
import math
from collections.abc import Callable
from functools import cache
from statistics import fmean

from benchmarks.pictures import load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.carriers.carrier import KNOT_QUALITIES
from sidelight.carriers.registry import CARRIERS
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture

TARGETS_BPP = (0.06, 0.15, 0.30, 0.45, 0.90)
"""Of the shipped model at ``KNOT_QUALITIES``."""


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--carriers", choices=CARRIERS, nargs="+", default=list(CARRIERS))
    parser.add_argument("--limit", type=int, help="only the first pictures")
    add_output_option(parser, "rd_carrier_rates.json")
    arguments = parser.parse_args()

    head = environment()
    captioned = load_dataset("kodak")[: arguments.limit]
    pictures = [read_picture(c.path) for c in captioned]
    record: Record = {
        "environment": head,
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {"qualities": KNOT_QUALITIES, "targets_bpp": TARGETS_BPP},
        "carriers": {},
    }
    for name in arguments.carriers:
        carrier = CARRIERS[name]

        @cache
        def rate(own_quality: int, carrier=carrier) -> float:
            files = (carrier.write(picture, own_quality, carrier.effort) for picture in pictures)
            sizes = zip(files, pictures, strict=True)
            return fmean(8 * len(data) / (p.width * p.height) for data, p in sizes)

        knots = [nearest(rate, carrier.own_qualities, target) for target in TARGETS_BPP]
        record["carriers"][name] = {
            "title": carrier.title,
            "knots": knots,
            "knots_bpp": [rate(own_quality) for own_quality in knots],
        }
        say(f"{name}: {record['carriers'][name]}")
    write_record(arguments.output, record)


def nearest(rate: Callable[[int], float], own_qualities: range, target_bpp: float) -> int:
    """Returns the own quality whose rate is nearest to a target in ratio; rates must grow."""
    low, high = 0, len(own_qualities) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rate(own_qualities[middle]) < target_bpp else (low, middle)
    both = (own_qualities[low], own_qualities[high])
    return min(both, key=lambda own_quality: abs(math.log(rate(own_quality) / target_bpp)))


if __name__ == "__main__":
    main()
