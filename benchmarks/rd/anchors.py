"""The classical codecs of the evaluation beside the recorded anchors, at the same settings.

python -m benchmarks.rd.anchors [--codecs jpeg webp] [--limit 2]

Means over Kodak of the rate and of PSNR (8-bit RGB), theirs and ours. The anchors are means over
all 24 pictures: with --limit the differences say nothing.

The settings of two anchors are worse than the codec's own in ``codec_points``: in their HEVC
x265's psychovisual terms cost PSNR and 2.2 kB of each stream are a list of options, and ffmpeg's
fast conversion has darkened the pictures of their VVC by two levels. --defaults measures the
settings of ``codec_points`` at the same QPs, which show by how much.
"""

import argparse
import ast
import json
from collections.abc import Callable
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.pictures import load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.assets import find_asset
from sidelight.evaluate.codecs.equal_rate import bits_per_pixel
from sidelight.evaluate.codecs.ffmpeg import hevc, vvc
from sidelight.evaluate.codecs.pillow import avif, jpeg, jpeg2000, webp
from sidelight.evaluate.codecs.protocol import CodecPoint
from sidelight.evaluate.environment import environment
from sidelight.metrics.fidelity import Psnr
from sidelight.metrics.protocol import Sample
from sidelight.pixels.files import read_picture

# a setting of the anchors' file is {'quality': 10}, {'quality_layers': [240.0]} or a bare 42
_MAKE: dict[str, Callable[[Any], CodecPoint]] = {
    "jpeg": lambda q: jpeg(q["quality"]),
    "jpeg2000": lambda q: jpeg2000(q["quality_layers"][0]),
    "webp": lambda q: webp(q["quality"]),
    "avif": lambda q: avif(q["quality"]),
    "hevc-x265-444": lambda q: hevc(q, preset="slower", tune=None, info=True),
    "vvc-vvenc-420": lambda q: vvc(q, accurate_colour=False),
}
_DEFAULTS = {"hevc-x265-444": hevc, "vvc-vvenc-420": vvc}
_MAX_RATE_PERCENT, _MAX_PSNR_DB = 1.0, 0.05


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--codecs", choices=_MAKE, nargs="+", default=list(_MAKE))
    parser.add_argument("--limit", type=int, help="only the first pictures")
    parser.add_argument("--vvc-settings", type=int, help="only the first of VVC, the slowest")
    parser.add_argument("--defaults", action="store_true", help="HEVC and VVC as codec_points")
    add_output_option(parser, "rd_anchors.json")
    arguments = parser.parse_args()

    head = environment()
    captioned = load_dataset("kodak")[: arguments.limit]
    images = [read_picture(c.path).image for c in captioned]
    anchors = json.loads(find_asset("kodak_anchors.json").read_text("utf-8"))
    make = _MAKE | _DEFAULTS if arguments.defaults else _MAKE
    records = []
    for codec in arguments.codecs:
        last = arguments.vvc_settings if codec == "vvc-vvenc-420" else None
        for anchor in anchors[codec][:last]:
            point = make[codec](ast.literal_eval(anchor["q"]))
            records.append({"anchor": codec} | measure(point, anchor, images))
            say(line(records[-1]))
    record = {
        "environment": head,
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {"max_rate_percent": _MAX_RATE_PERCENT, "max_psnr_db": _MAX_PSNR_DB},
        "all_equal": all(r["equal"] for r in records),
        "records": records,
    }
    write_record(arguments.output, record)


def measure(point: CodecPoint, anchor: Record, images: list[np.ndarray]) -> Record:
    """Returns the means over ``images`` beside an anchor's, and whether they agree."""
    rates, psnrs, psnr_of = [], [], Psnr()
    for image in images:
        data = point.encode(image)
        rates.append(bits_per_pixel(data, image))
        psnrs.append(psnr_of(Sample(image, point.decode(data, ""), ())))
    bpp, psnr = fmean(rates), fmean(psnrs)
    rate_percent, psnr_difference_db = 100 * (bpp / anchor["bpp"] - 1), psnr - anchor["psnr"]
    return {
        "codec": point.codec,
        "setting": point.setting,
        "describe": point.describe(),
        "num_images": len(images),
        "bpp": bpp,
        "psnr_db": psnr,
        "anchor_bpp": anchor["bpp"],
        "anchor_psnr_db": anchor["psnr"],
        "rate_difference_percent": rate_percent,
        "psnr_difference_db": psnr_difference_db,
        "equal": abs(rate_percent) <= _MAX_RATE_PERCENT and abs(psnr_difference_db) <= _MAX_PSNR_DB,
    }


def line(record: Record) -> str:
    """Returns a record as one row of a table."""
    return (
        f"{record['anchor']:14} {record['setting']:14} "
        f"{record['bpp']:.4f} {record['anchor_bpp']:.4f} bpp "
        f"{record['rate_difference_percent']:+.3f} %  "
        f"{record['psnr_db']:.3f} {record['anchor_psnr_db']:.3f} "
        f"{record['psnr_difference_db']:+.4f} dB"
    )


if __name__ == "__main__":
    main()
