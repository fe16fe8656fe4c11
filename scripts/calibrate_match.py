"""Chooses below which scores a caption is taken for another picture's, and stores them.

python scripts/calibrate_match.py [ENCODER.safetensors]

For each of several qualities one in fifty of the right captions scores below the threshold, on the
training pictures that were held out, as they decode without text. ENCODER is the shipped one unless
named.
"""

import argparse
from pathlib import Path

import numpy as np

from sidelight.api import as_picture, load
from sidelight.assets import find_asset
from sidelight.metrics.caption_match import match_scores
from sidelight.metrics.networks.efficientnet import ImageFeatures
from sidelight.text.bundled import WEIGHTS, BundledEncoder, set_match_thresholds
from sidelight.train.data.shards import find_in_shards

_SHARD, _HELD_OUT = "data/train/flickr8k-224px-01.tar", 500
_QUALITIES = (1.0, 3.0, 5.0, 9.0)
_FALSE_ALARMS = 0.02


def main() -> None:
    """Parses the command line, measures and rewrites the encoder's file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("encoder", type=Path, nargs="?", default=WEIGHTS)
    arguments = parser.parse_args()

    encoder, features, codec = BundledEncoder(arguments.encoder), ImageFeatures(), load()
    files = list(find_in_shards([find_asset(_SHARD)]))[-_HELD_OUT:]
    pictures = [file.in_memory() for file in files]
    thresholds = []
    for quality in _QUALITIES:
        right, wrong = [], []
        for picture, other in zip(pictures, pictures[1:] + pictures[:1], strict=True):
            data = codec.encode(as_picture(picture.image), quality=quality)
            decoded = codec.decode(data, "").image
            right.append(match_scores(picture.captions, decoded, encoder, features))
            wrong.append(match_scores(other.captions, decoded, encoder, features))
        threshold = round(float(np.quantile(np.concatenate(right), _FALSE_ALARMS)), 4)
        found = float((np.concatenate(wrong) < threshold).mean())
        thresholds.append((quality, threshold))
        print(f"quality {quality}: threshold {threshold}, finds {found:.1%} of the next captions")  # noqa: T201
    set_match_thresholds(arguments.encoder, thresholds)


if __name__ == "__main__":
    main()
