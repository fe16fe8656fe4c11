"""Prepares blind comparisons of Sidelight with AVIF and with WebP, at equal bytes.

python -m benchmarks.eyes.prepare OUT [--dataset kodak] [--quality 25] [--limit N]

Every picture is coded to AVIF. Sidelight is that very file improved with the picture's first
caption, at the default realism; WebP has the highest quality that takes no more bytes. OUT gets
files/ with all of them and their sizes, and two pages to judge: avif/index.html and
webp/index.html. They hold pictures of the data set, whose licence says who may be given them.
"""

import argparse
import bisect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.pictures import DATASETS, CaptionedPicture, load_dataset
from benchmarks.record import Record, say, write_record
from benchmarks.threads import use_threads
from sidelight.api import load_carrier
from sidelight.compare.folder import prepare
from sidelight.compare.matching import Series
from sidelight.evaluate.codecs.pillow import avif, webp
from sidelight.evaluate.environment import environment
from sidelight.pixels.files import read_picture, write_picture

OURS, AVIF, WEBP = "Sidelight", "AVIF", "WebP"
SUFFIXES = {OURS: "png", AVIF: "avif", WEBP: "webp"}
_WEBP_QUALITIES = range(101)


class Coded(NamedTuple):
    """A picture as both codecs wrote it, the second within the bytes of the first."""

    avif: bytes
    webp: bytes
    webp_quality: int


def main() -> None:
    """Parses the command line, codes and prepares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--dataset", choices=DATASETS, default="kodak")
    parser.add_argument("--quality", type=int, default=25, help="of AVIF, by Pillow's scale")
    parser.add_argument("--limit", type=int, help="only the first pictures")
    parser.add_argument("--seed", type=int, help="of the names in the folders")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--force", action="store_true", help="replace comparisons that are there")
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    pictures = load_dataset(arguments.dataset)[: arguments.limit]
    files = arguments.out / "files"
    rows = [code(picture, arguments.quality, files) for picture in pictures]
    head = {"dataset": arguments.dataset, "avif_quality": arguments.quality}
    write_record(files / "coded.json", {"environment": environment(), **head, "pictures": rows})
    originals = {p.path.stem: p.path for p in pictures}
    ours = series(OURS, files, originals)
    for other in (AVIF, WEBP):
        made = prepare(
            arguments.out / other.lower(),
            originals,
            ours,
            series(other, files, originals),
            seed=arguments.seed,
            force=arguments.force,
        )
        say(f"{OURS} against {other}: {made.page}, seed {made.seed}")


def code(captioned: CaptionedPicture, quality: int, folder: Path) -> Record:
    """Writes a picture's three versions; returns what they take."""
    picture = read_picture(captioned.path)
    data = avif(quality).encode(picture.image)
    coded = within(data, lambda quality: webp(quality).encode(picture.image))
    name = captioned.path.stem
    places = {label: series(label, folder, [name]).pictures[name] for label in SUFFIXES}
    for label, content in ((AVIF, coded.avif), (WEBP, coded.webp)):
        places[label].parent.mkdir(parents=True, exist_ok=True)
        places[label].write_bytes(content)
    improved = load_carrier().open(data).decode(captioned.caption)
    write_picture(improved, places[OURS])
    row = {
        "picture": name,
        "caption": captioned.caption,
        "avif_bytes": len(coded.avif),
        "webp_bytes": len(coded.webp),
        "webp_quality": coded.webp_quality,
    }
    say(f"{name}: {row}")
    return row


def within(avif_file: bytes, encode_webp: Callable[[int], bytes]) -> Coded:
    """Returns the WebP file of the highest quality that is no larger; if none is, the smallest."""
    above = bisect.bisect_right(
        _WEBP_QUALITIES, len(avif_file), key=lambda quality: len(encode_webp(quality))
    )
    quality = max(0, above - 1)
    return Coded(avif_file, encode_webp(quality), quality)


def series(label: str, folder: Path, names: Iterable[str]) -> Series:
    """Returns one side's pictures."""
    places = {name: folder / label.lower() / f"{name}.{SUFFIXES[label]}" for name in names}
    return Series(label=label, pictures=places)


if __name__ == "__main__":
    main()
