"""From how many bits on is drawing no help? What is drawn in full, codec by codec.

python -m benchmarks.rd.drawn_range [--model CHECKPOINT] [--every 6]

Photographs of Kodak with the right caption, at the default place of the dial, with nothing left out
of what the generator draws (``Carrier.drawn_range`` says what ``decode`` leaves out).
"""

import argparse
from io import BytesIO

from PIL import Image

from benchmarks.pictures import load_dataset, manifest
from benchmarks.rd.improvement import in_short, scores
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.api import load_carrier
from sidelight.carriers.reading import read
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture

_QUALITIES = {
    "avif": (35, 45, 55, 65, 75, 85),
    "jpeg": (60, 75, 85, 90, 95, 98),
    "webp": (40, 60, 75, 85, 95),
}


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a carrier generator; the shipped one if not given")
    parser.add_argument("--every", type=int, default=6, help="each so many-th picture of Kodak")
    add_output_option(parser, "rd_drawn_range.json")
    arguments = parser.parse_args()

    codec = load_carrier(arguments.model)
    captioned = load_dataset("kodak")[:: arguments.every]
    originals = [read_picture(picture.path).image for picture in captioned]
    rows: list[Record] = []
    for name, qualities in _QUALITIES.items():
        for quality in qualities:
            found = []
            for original, picture in zip(originals, captioned, strict=True):
                stream = BytesIO()
                Image.fromarray(original).save(stream, name, quality=quality)
                plain = read(stream.getvalue())
                drawn = codec.improve(plain.picture, picture.caption)
                found.append(
                    {"bpp": plain.coded_bpp, "share": plain.drawn_share}
                    | scores(original, plain=plain.picture.image, drawn=drawn.image)
                )
            rows.append({"codec": name, "quality": quality, **in_short(found, "drawn")})
            say(f"{name} {quality}: {rows[-1]}")
    record = {
        "environment": environment(model=codec.fingerprint),
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {
            "pictures": len(captioned),
            "default_realism": codec.model.config.default_realism,
        },
        "rows": rows,
    }
    write_record(arguments.output, record)


if __name__ == "__main__":
    main()
