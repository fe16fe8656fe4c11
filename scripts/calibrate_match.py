"""Chooses below which score a caption is taken for another picture's, and stores it.

python scripts/calibrate_match.py [ENCODER.safetensors]

The threshold leaves at most one in fifty of the right captions below it, on the training pictures
that were held out, as they decode without text at several qualities. ENCODER is the shipped one
unless named.
"""

import argparse
from pathlib import Path

import torch

from sidelight.api import as_picture, load
from sidelight.assets import find_asset
from sidelight.data.shards import read_shards
from sidelight.text.bundled import WEIGHTS, BundledEncoder, set_match_threshold
from sidelight.text.images import ImageFeatures
from sidelight.text.matching import match_scores

_SHARD, _HELD_OUT = "data/train/flickr8k-224px-01.tar", 500
_QUALITIES = (1, 3, 5, 9)
_FALSE_ALARMS = 0.02


def main() -> None:
    """Parses the command line, measures and rewrites the encoder's file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("encoder", type=Path, nargs="?", default=WEIGHTS)
    arguments = parser.parse_args()

    encoder, features, codec = BundledEncoder(arguments.encoder), ImageFeatures(), load()
    pictures = list(read_shards([find_asset(_SHARD)]))[-_HELD_OUT:]
    right, wrong = [], []
    for picture, other in zip(pictures, pictures[1:] + pictures[:1], strict=True):
        for quality in _QUALITIES:
            data = codec.encode(as_picture(picture.image), quality=quality)
            decoded = codec.decode(data, "").image
            right.append(match_scores(picture.captions, decoded, encoder, features))
            wrong.append(match_scores(other.captions, decoded, encoder, features))
    threshold = round(torch.cat(right).quantile(_FALSE_ALARMS).item(), 4)
    found = (torch.cat(wrong) < threshold).float().mean().item()
    set_match_threshold(arguments.encoder, threshold)
    print(f"threshold {threshold}, finds {found:.1%} of the next picture's captions")  # noqa: T201


if __name__ == "__main__":
    main()
