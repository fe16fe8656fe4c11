"""From how many bits on is drawing no help? What is drawn in full, codec by codec.

python -m benchmarks.rd.drawn_range [--model CHECKPOINT] [--every 6]

Photographs of Kodak with the right caption, at the default place of the dial, with nothing left out
of what the generator draws (``Carrier.drawn_range`` says what ``decode`` leaves out).
"""

import argparse
from io import BytesIO

import numpy as np
from PIL import Image

from benchmarks.pictures import load_dataset, manifest
from benchmarks.rd.improvement import in_short, scores
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.api import load_carrier
from sidelight.carriers.jpeg_xl import JPEG_XL
from sidelight.carriers.reading import read
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import Picture

_QUALITIES = {
    "avif": (35, 45, 55, 65, 75, 85),
    "jpeg": (60, 75, 85, 90, 95, 98),
    "webp": (40, 60, 75, 85, 95),
    "jxl": (40, 60, 70, 80, 90, 95),
}
"""On each codec's own scale; files as Pillow writes them, JPEG XL as ``encode`` does."""


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
                plain = read(_coded(original, name, quality))
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


def _coded(image: np.ndarray, codec: str, quality: int) -> bytes:
    if codec == "jxl":
        return JPEG_XL.write(Picture(image=image), quality, JPEG_XL.effort)
    stream = BytesIO()
    Image.fromarray(image).save(stream, codec, quality=quality)
    return stream.getvalue()


if __name__ == "__main__":
    main()
