"""Rate and distortion with the right caption, none and a wrong one.

python -m benchmarks.rd.kodak [--qualities 1 3 5 7 9] [--dataset kodak]

Rates are those of whole files. Distortions are means over pictures of PSNR (8-bit RGB) and of
LPIPS (AlexNet v0.1, whole picture); the generator computes in fp32.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from statistics import fmean

import torch

from benchmarks.pictures import DATASETS, CaptionedPicture, load_dataset, manifest
from benchmarks.rd.rates import at_rate, estimated_bits
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.api import load
from sidelight.assets import find_asset
from sidelight.bitstream.container import Container
from sidelight.codec import Codec
from sidelight.evaluate.environment import environment
from sidelight.metrics.fidelity import Psnr
from sidelight.metrics.perceptual import Lpips
from sidelight.metrics.protocol import PictureMetric, Sample
from sidelight.pixels.files import read_picture
from sidelight.pixels.picture import Picture

_CAPTIONS = ("right", "none", "next")
_ANCHOR = "vvc-vvenc-420"
_COMPARED_BPP = (0.1, 0.6)


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--qualities", type=float, nargs="+", default=[1, 3, 5, 7, 9])
    parser.add_argument("--dataset", choices=DATASETS, default="kodak")
    parser.add_argument("--limit", type=int, help="only the first pictures")
    parser.add_argument("--model", help="name or path; the default model if not given")
    parser.add_argument("--threads", type=int, default=2)
    add_output_option(parser, "rd_DATASET.json")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    codec = load(arguments.model)
    metrics: dict[str, PictureMetric] = {"psnr_db": Psnr(), "lpips": Lpips()}
    head = environment(model=codec.fingerprint)
    pictures = load_dataset(arguments.dataset)[: arguments.limit]
    records: list[Record] = []
    for captioned in pictures:
        picture = read_picture(captioned.path)
        check_latents_ignore_caption(codec, picture, captioned)
        records += measure(codec, metrics, picture, captioned, arguments.qualities)
        say(f"{captioned.path.name}: {len(records)} records")
    anchors = _load_anchors() if arguments.dataset == "kodak" else []
    record = {
        "environment": head,
        "dataset": {"name": arguments.dataset, "sha256": manifest(pictures)},
        "conditions": {"threads": arguments.threads, "precision": "fp32", "anchor": _ANCHOR},
        "summary": summarise(records, anchors),
        "records": records,
    }
    target = arguments.output.name.replace("DATASET", arguments.dataset)
    write_record(arguments.output.with_name(target), record)


def check_latents_ignore_caption(
    codec: Codec, picture: Picture, captioned: CaptionedPicture
) -> None:
    """Raises RuntimeError if a caption inside the file changes the coded latents."""
    captions = (None, captioned.caption, captioned.next_caption)
    files = [codec.encode(picture, embed_caption=caption) for caption in captions]
    if len({Container.parse(data).latents for data in files}) != 1:
        raise RuntimeError(f"{captioned.path.name}: the caption changed the coded latents")


def measure(
    codec: Codec,
    metrics: Mapping[str, PictureMetric],
    picture: Picture,
    captioned: CaptionedPicture,
    qualities: list[float],
) -> Iterator[Record]:
    """Yields one record per quality."""
    texts = dict(zip(_CAPTIONS, (captioned.caption, "", captioned.next_caption), strict=True))
    num_pixels = picture.width * picture.height
    for quality in qualities:
        data = codec.encode(picture, quality=quality)
        latents = codec.decode_latents([Container.parse(data)])
        decoded = {
            name: codec.decode(data, text, precision="fp32").image for name, text in texts.items()
        }
        yield {
            "image": captioned.path.name,
            "quality": quality,
            "bytes": len(data),
            "bpp": 8 * len(data) / num_pixels,
            "bpp_estimated": estimated_bits(latents, codec.model.frozen) / num_pixels,
            "captions": {
                name: {
                    key: metric(Sample(picture.image, image, ())) for key, metric in metrics.items()
                }
                for name, image in decoded.items()
            },
        }


def summarise(records: list[Record], anchors: list[tuple[float, float]]) -> list[Record]:
    """Returns the means over pictures for each quality, and where they stand to the anchor.

    Args:
        records: Of ``measure``.
        anchors: The (bpp, LPIPS) of the codec to compare with between 0.1 and 0.6 bpp, if any.
    """
    rows = []
    for quality in sorted({r["quality"] for r in records}):
        members = [r for r in records if r["quality"] == quality]
        row: Record = {
            "quality": quality,
            "num_images": len(members),
            "bpp": fmean(r["bpp"] for r in members),
            "bpp_estimated": fmean(r["bpp_estimated"] for r in members),
            "captions": {
                name: {
                    metric: fmean(r["captions"][name][metric] for r in members)
                    for metric in ("psnr_db", "lpips")
                }
                for name in _CAPTIONS
            },
        }
        lowest, highest = _COMPARED_BPP
        if anchors and lowest <= row["bpp"] <= highest:
            row["vvc_lpips"] = at_rate(row["bpp"], anchors)
            row["below_vvc"] = row["captions"]["right"]["lpips"] < row["vvc_lpips"]
            row["below_vvc_without_caption"] = row["captions"]["none"]["lpips"] < row["vvc_lpips"]
        rows.append(row)
    return rows


def _load_anchors() -> list[tuple[float, float]]:
    points = json.loads(find_asset("kodak_anchors.json").read_text())[_ANCHOR]
    return [(point["bpp"], point["lpips"]) for point in points]


if __name__ == "__main__":
    main()
