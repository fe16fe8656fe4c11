"""What odd captions do to a picture.

python -m benchmarks.text.odd_captions [--quality 3]

Kodak is decoded with each of them; the record holds mean LPIPS (AlexNet) beside those of the right
caption and of none, and what the decoder said.
"""

import argparse
from statistics import fmean

from benchmarks.pictures import load_dataset, manifest
from benchmarks.record import Record, add_output_option, say, write_record
from benchmarks.threads import use_threads
from sidelight.api import load
from sidelight.errors import CodecError
from sidelight.evaluate.environment import environment
from sidelight.metrics.perceptual import Lpips
from sidelight.metrics.protocol import Sample
from sidelight.pixels.files import read_picture

_ODD = {
    "white space": " \n\t ",
    "one word": "dog",
    "10,000 words": "dog " * 10_000,
    "100,000 words": "dog " * 100_000,
    "emoji": "\U0001f436\U0001f3d6\ufe0f" * 20,
    "control characters": "\x00\x07\x1b[31m\x7f" * 8,
    "random letters": "xq zvw kjh qqp wzx vbn lkj",
    "Chinese": "\u4e00\u53ea\u72d7\u5728\u6d77\u6ee9\u4e0a\u5954\u8dd1\u3002",
    "German": "Ein Hund l\xe4uft am Strand entlang.",
    "half a surrogate": "a dog \ud83d",
}


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quality", type=float, default=3)
    parser.add_argument("--threads", type=int, default=2)
    add_output_option(parser, "text_odd_captions.json")
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    codec, lpips = load(), Lpips()
    head = environment(model=codec.fingerprint)
    captioned = load_dataset("kodak")
    originals = [read_picture(c.path) for c in captioned]
    files = [codec.encode(picture, quality=arguments.quality) for picture in originals]
    captions = {
        "right": [c.caption for c in captioned],
        "none": [""] * len(captioned),
        "next picture's": [c.next_caption for c in captioned],
        **{name: [text] * len(captioned) for name, text in _ODD.items()},
    }
    summary: dict[str, Record] = {}
    for name, texts in captions.items():
        try:
            decoded = [
                codec.decode(data, text, precision="fp32")
                for data, text in zip(files, texts, strict=True)
            ]
        except CodecError as error:
            summary[name] = {"lpips": None, "said": [str(error)]}
        else:
            distances = [
                lpips(Sample(picture.image, d.image, ()))
                for picture, d in zip(originals, decoded, strict=True)
            ]
            said = sorted({note for d in decoded for note in d.notes})
            summary[name] = {"lpips": fmean(distances), "said": said}
        say(f"{name}: {summary[name]}")
    conditions = {"quality": arguments.quality, "precision": "fp32"}
    record = {
        "environment": head,
        "dataset": {"name": "kodak", "sha256": manifest(captioned)},
        "conditions": conditions,
        "summary": summary,
    }
    write_record(arguments.output, record)


if __name__ == "__main__":
    main()
