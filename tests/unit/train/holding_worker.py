"""Holds a shard's pictures in as many processes as the environment says.

Run by test_distributed.py. Prints the sum of each picture's pixels and how many were decoded here,
or the error.
"""

import json
import sys

from tests.tiny_config import TINY_CONFIG

from sidelight.errors import ImageError
from sidelight.train import distributed
from sidelight.train.data import pictures
from sidelight.train.data.datasets import find_pictures, no_words, sound_pictures
from sidelight.train.recipe import DataSource, Phase, Recipe


def main(shard: str, broken: str) -> None:
    recipe = Recipe(
        model=TINY_CONFIG,
        data=(DataSource(pictures=shard),),
        target_bpp=(0.1, 0.3, 0.9),
        initial_lmbda=(2.0, 1.0, 0.5),
        phases=(Phase(steps=1, crop=64, batch=2),),
        skip_broken=broken == "skip",
    )
    distributed.join("cpu")
    decode, decodings = pictures.decode_rgb, []
    pictures.decode_rgb = lambda data: decodings.append(1) or decode(data)
    try:
        sound, kept = sound_pictures(find_pictures(recipe, no_words)[0], recipe, no_words)
        assert [picture.key for picture in sound] == [picture.key for picture in kept]
        sums = {picture.key: int(picture.image.sum()) for picture in kept}
        told = {"sums": sums, "decodings": len(decodings)}
    except ImageError as error:
        told = {"error": str(error)}
    sys.stdout.write(json.dumps(told))
    distributed.leave()


if __name__ == "__main__":
    main(*sys.argv[1:])
