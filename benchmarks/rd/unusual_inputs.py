"""What decoding does to pictures that need little or are no photographs: never a point worse?

python -m benchmarks.rd.unusual_inputs [--model CHECKPOINT] [--every 4] [--drawings 2]

Each case makes files of an original: a photograph of Kodak or a drawing that no training has seen.
SSIMULACRA2 and LPIPS of the carrier's own picture and of the one improved at the default place of
the dial, with the right caption.
"""

import argparse
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.pictures import load_dataset, manifest
from benchmarks.rd.improvement import in_short, scores
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.api import load_carrier
from sidelight.carriers.reading import read
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture
from sidelight.train.data.drawings import draw_pictures
from sidelight.train.data.pictures import CaptionedImage

_DRAWING_SEED = 1_000_003
"""No recipe's."""


class _File(NamedTuple):
    data: bytes
    original: np.ndarray
    """What its decoded picture is to be like."""


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a carrier generator; the shipped one if not given")
    parser.add_argument("--every", type=int, default=4, help="each so many-th picture of Kodak")
    parser.add_argument("--drawings", type=int, default=8)
    add_output_option(parser, "rd_unusual_inputs.json")
    arguments = parser.parse_args()

    codec = load_carrier(arguments.model)
    captioned = load_dataset("kodak")[:: arguments.every]
    photographs = [
        CaptionedImage(p.path.stem, read_picture(p.path).image, (p.caption,)) for p in captioned
    ]
    drawings = draw_pictures(arguments.drawings, seed=_DRAWING_SEED)
    rows: list[Record] = []
    for case, kind, make in _cases():
        found = []
        for picture in photographs if kind == "photograph" else drawings:
            file = make(picture.image)
            plain = read(file.data)
            improved = codec.decode(file.data, picture.captions[0])
            found.append(
                {"coded_bpp": plain.coded_bpp}
                | scores(file.original, plain=plain.picture.image, default=improved.image)
            )
        rows.append({"case": case, "pictures": len(found), **in_short(found, "default")})
        say(f"{case}: {rows[-1]}")
    record = {
        "environment": environment(model=codec.fingerprint),
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {
            "default_realism": codec.model.config.default_realism,
            "drawing_seed": _DRAWING_SEED,
        },
        "rows": rows,
    }
    write_record(arguments.output, record)


def _cases() -> Iterator[tuple[str, str, Callable[[np.ndarray], _File]]]:
    for kind in ("photograph", "drawing"):
        yield f"{kind}, never coded (lossless WebP)", kind, _coded("WEBP", lossless=True)
        for quality in (40, 60, 80, 90, 95):
            yield f"{kind}, AVIF {quality}", kind, _coded("AVIF", quality=quality)
        for quality in (75, 90, 98):
            yield f"{kind}, JPEG {quality}", kind, _coded("JPEG", quality=quality)
        yield f"{kind}, WebP 80", kind, _coded("WEBP", quality=80)
    yield "photograph, JPEG 40, then AVIF 50", "photograph", _twice
    yield "photograph, AVIF 35, then half the size in JPEG 90", "photograph", _shrunk
    yield "photograph, gray, AVIF 35", "photograph", _gray
    yield "photograph, with alpha, AVIF 35", "photograph", _with_alpha


def _coded(codec: str, **options: object) -> Callable[[np.ndarray], _File]:
    def make(original: np.ndarray) -> _File:
        return _File(_save(Image.fromarray(original), codec, **options), original)

    return make


def _twice(original: np.ndarray) -> _File:
    first = Image.open(BytesIO(_save(Image.fromarray(original), "JPEG", quality=40)))
    return _File(_save(first, "AVIF", quality=50), original)


def _shrunk(original: np.ndarray) -> _File:
    half = original.shape[1] // 2, original.shape[0] // 2
    coded = Image.open(BytesIO(_save(Image.fromarray(original), "AVIF", quality=35)))
    small = coded.convert("RGB").resize(half, Image.Resampling.LANCZOS)
    reference = Image.fromarray(original).resize(half, Image.Resampling.LANCZOS)
    return _File(_save(small, "JPEG", quality=90), np.asarray(reference))


def _gray(original: np.ndarray) -> _File:
    gray = Image.fromarray(original).convert("L")
    return _File(_save(gray, "AVIF", quality=35), np.asarray(gray.convert("RGB")))


def _with_alpha(original: np.ndarray) -> _File:
    alpha = np.full((*original.shape[:2], 1), 255, np.uint8)
    alpha[: len(alpha) // 4] = 128
    return _File(_save(Image.fromarray(np.dstack([original, alpha])), "AVIF", quality=35), original)


def _save(image: Image.Image, codec: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, codec, **options)
    return stream.getvalue()


if __name__ == "__main__":
    main()
