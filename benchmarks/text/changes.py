"""What captions change in the pictures of carriers: at which rates, where, and by which words.

python -m benchmarks.text.changes [--model CHECKPOINT] [--qualities 10 15 25 45] [--every 1]

AVIF files of Kodak at the default place of the dial, with a caption against without one: the root
mean square of the change in 8-bit levels, how it goes with the detail of the original and with
what coding lost (rank correlation over blocks of 16 px), and each SSA block's mean mask. Then one
word as the whole caption, at the second of the qualities: what it changes where the picture's own
captions have that word, and where they have not.
"""

import argparse
from collections.abc import Sequence
from io import BytesIO
from statistics import fmean
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.pictures import CaptionedPicture, load_dataset, manifest
from benchmarks.rd.improvement import scores
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.api import load_carrier
from sidelight.codec.carrier_codec import CarrierCodec, OpenedCarrier
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture

_BLOCK = 16
_WORDS = (
    "water", "sky", "building", "house", "window", "wall", "door", "tree", "flower", "grass",
    "woman", "girl", "bird", "boat", "beach", "mountain", "hat", "motorcycle", "plane", "fence",
)  # fmt: skip
_LEAST_PICTURES = 2
"""With and without a word among their captions, for it to be counted."""


class _Shown(NamedTuple):
    captioned: CaptionedPicture
    original: np.ndarray
    opened: OpenedCarrier
    without: np.ndarray
    """What the file is without a caption, uint8 (h, w, 3)."""


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a carrier generator; the shipped one if not given")
    parser.add_argument("--qualities", type=int, nargs="+", default=[10, 15, 25, 45])
    parser.add_argument("--every", type=int, default=1, help="each so many-th picture")
    add_output_option(parser, "text_changes.json")
    arguments = parser.parse_args()

    codec = load_carrier(arguments.model)
    captioned = load_dataset("kodak")[:: arguments.every]
    rates, words = [], []
    for k, quality in enumerate(arguments.qualities):
        shown = [_show(codec, picture, quality) for picture in captioned]
        found = [_change(one, one.captioned.caption) for one in shown]
        rates.append({"quality": quality, **_means(found)})
        say(f"AVIF {quality}: {rates[-1]}")
        if k == 1:
            words = [_word(shown, word) for word in _WORDS]
    record = {
        "environment": environment(model=codec.fingerprint),
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": {
            "pictures": len(captioned),
            "realism": codec.model.config.default_realism,
            "quality_of_words": arguments.qualities[1] if len(arguments.qualities) > 1 else None,
        },
        "rates": rates,
        "words": [row for row in words if row],
    }
    write_record(arguments.output, record)


def _show(codec: CarrierCodec, picture: CaptionedPicture, quality: int) -> _Shown:
    original = read_picture(picture.path).image
    stream = BytesIO()
    Image.fromarray(original).save(stream, "avif", quality=quality)
    opened = codec.open(stream.getvalue())
    return _Shown(picture, original, opened, opened.decode(None).image)


def _change(shown: _Shown, caption: str) -> Record:
    difference = shown.opened.decode(caption).image.astype(np.float32) - shown.without
    lost = shown.opened.plain.image.astype(np.float32) - shown.original
    by_block = [_blocks(np.square(part).mean(2)) for part in (difference, lost)]
    luma = shown.original.astype(np.float32).mean(2)
    detail = _blocks(np.square(luma)) - np.square(_blocks(luma))
    masks = [float(mask.mean()) for mask in shown.opened.masks(caption)]
    return {
        "rms_levels": float(np.sqrt(np.square(difference).mean())),
        "with_detail": _rank_correlation(by_block[0], detail),
        "with_loss": _rank_correlation(by_block[0], by_block[1]),
        **{f"mask_{k}": mask for k, mask in enumerate(masks)},
    }


def _word(shown: Sequence[_Shown], word: str) -> Record | None:
    """Returns what a word changes by itself, or None where too few captions have or lack it."""
    found: dict[bool, list[Record]] = {True: [], False: []}
    for one in shown:
        has = any(word in caption.lower() for caption in one.captioned.captions)
        found[has].append(_by_word(one, word))
    if min(map(len, found.values())) < _LEAST_PICTURES:
        return None
    row: Record = {"word": word}
    for has, of in found.items():
        row["captions_have_it" if has else "captions_lack_it"] = {"pictures": len(of), **_means(of)}
    say(str(row))
    return row


def _by_word(shown: _Shown, word: str) -> Record:
    drawn = shown.opened.decode(word).image
    measured = scores(shown.original, with_word=drawn, without=shown.without)
    return {
        "rms_levels": float(np.sqrt(np.square(drawn.astype(np.float32) - shown.without).mean())),
        **{
            name: measured[f"{name}_with_word"] - measured[f"{name}_without"]
            for name in ("lpips", "ssimulacra2")
        },
    }


def _means(found: Sequence[Record]) -> Record:
    return {key: fmean(row[key] for row in found) for key in found[0]}


def _blocks(values: np.ndarray) -> np.ndarray:
    """Returns the mean of each whole block, of float32 (h, w)."""
    height, width = (side // _BLOCK for side in values.shape)
    whole = values[: height * _BLOCK, : width * _BLOCK]
    return whole.reshape(height, _BLOCK, width, _BLOCK).mean((1, 3))


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    ranks = [part.ravel().argsort().argsort() for part in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


if __name__ == "__main__":
    main()
