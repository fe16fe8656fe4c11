"""How often ``decode --check-caption`` is right about a caption.

python -m benchmarks.text.mismatch [--datasets kodak coco-test] [--qualities 1 3 5 9]

Every caption of every picture is scored against the picture as it decodes without text, then the
captions of the next picture are. A false alarm is a right caption below the threshold, a detection
a wrong one below it.
"""

import argparse
from statistics import fmean

from benchmarks.pictures import DATASETS, CaptionedPicture, load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from benchmarks.threads import use_threads
from sidelight.api import load
from sidelight.codec.codec import Codec
from sidelight.evaluate.environment import environment
from sidelight.metrics.caption_match import CaptionMatcher, match_scores
from sidelight.metrics.networks.efficientnet import ImageFeatures
from sidelight.pixels.files import read_picture
from sidelight.text.bundled import BundledEncoder


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=DATASETS)
    parser.add_argument("--qualities", type=float, nargs="+", default=[1, 3, 5, 9])
    parser.add_argument("--threads", type=int, default=2)
    add_output_option(parser, "text_mismatch.json")
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    codec, encoder, features = load(), BundledEncoder(), ImageFeatures()
    matcher = CaptionMatcher(encoder, features)
    head = environment(model=codec.fingerprint)
    records: list[Record] = []
    datasets = {}
    for name in arguments.datasets:
        pictures = load_dataset(name)
        datasets[name] = manifest(pictures)
        for captioned in pictures:
            for quality in arguments.qualities:
                right, wrong = measure(codec, encoder, features, captioned, quality)
                records.append(
                    {
                        "dataset": name,
                        "image": captioned.path.name,
                        "quality": quality,
                        "right": right,
                        "next": wrong,
                    }
                )
        say(f"{name}: {len(records)} records")
    record = {
        "environment": head,
        "datasets": datasets,
        "conditions": {"identity": encoder.identity._asdict()},
        "summary": summarise(records, matcher),
        "records": records,
    }
    write_record(arguments.output, record)


def measure(
    codec: Codec,
    encoder: BundledEncoder,
    features: ImageFeatures,
    captioned: CaptionedPicture,
    quality: float,
) -> tuple[list[float], list[float]]:
    """Returns the scores of a picture's own captions and of the next one's."""
    data = codec.encode(read_picture(captioned.path), quality=quality)
    decoded = codec.decode(data, "").image
    right, wrong = (
        match_scores(captions, decoded, encoder, features).tolist()
        for captions in (captioned.captions, captioned.next_captions)
    )
    return right, wrong


def summarise(records: list[Record], matcher: CaptionMatcher) -> list[Record]:
    """Returns the shares below the threshold for each data set and quality."""
    rows = []
    for dataset, quality in sorted({(r["dataset"], r["quality"]) for r in records}):
        chosen = [r for r in records if (r["dataset"], r["quality"]) == (dataset, quality)]
        threshold = matcher.threshold(quality)
        right, wrong = ([s for r in chosen for s in r[kind]] for kind in ("right", "next"))
        rows.append(
            {
                "dataset": dataset,
                "quality": quality,
                "captions": len(right),
                "threshold": threshold,
                "false_alarms": fmean(score < threshold for score in right),
                "detections": fmean(score < threshold for score in wrong),
                "mean_score_right": fmean(right),
                "mean_score_wrong": fmean(wrong),
            }
        )
    return rows


if __name__ == "__main__":
    main()
