"""Writes the AVIF files and expected pictures that web/benchmarks reads.

python -m benchmarks.web.pictures FOLDER OUT [NAME ...]

For each PNG or JPEG there: NAME.avif with its colour profile, its captions as NAME.json,
NAME.plain.png as Pillow decodes the file, and NAME.drawn.png as `carrier-small` draws it in float32
with the first caption; NAME.slt by `small-multirate`, and NAME.shown.png as it shows that with the
same caption.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from sidelight.api import load, load_carrier
from sidelight.carriers.avif import AVIF
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import to_pillow

QUALITY = 4
SUFFIXES = {".png", ".jpg"}


def main() -> None:
    """Runs the command."""
    source, target, *names = sys.argv[1:]
    captions = json.loads((Path(source) / "captions.json").read_text("utf-8"))
    codec, slt_codec = load_carrier(), load()
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(Path(source).iterdir()):
        if path.suffix not in SUFFIXES or (names and path.stem not in names):
            continue
        data = AVIF.encode(read_picture(path), QUALITY)
        (folder / f"{path.stem}.avif").write_bytes(data)
        (folder / f"{path.stem}.json").write_text(json.dumps(captions[path.name]), "utf-8")
        opened = codec.open(data)
        Image.fromarray(np.asarray(opened.plain.image)).save(folder / f"{path.stem}.plain.png")
        drawn = opened.decode(captions[path.name][0], precision="fp32")
        to_pillow(drawn).save(folder / f"{path.stem}.drawn.png")
        slt = slt_codec.encode(read_picture(path), quality=QUALITY)
        (folder / f"{path.stem}.slt").write_bytes(slt)
        shown = slt_codec.decode(slt, captions[path.name][0], precision="fp32")
        to_pillow(shown).save(folder / f"{path.stem}.shown.png")


if __name__ == "__main__":
    main()
