"""The largest difference between each metric and another way to its value.

python -m benchmarks.metrics.checks [--metrics psnr fid]

Some read Kodak and kodak_anchors.json from the assets; what the others read is made here. Those
of SSIMULACRA2 and Butteraugli run libjxl 0.11's programs (Debian 13: libjxl-devtools).
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.metrics import comparisons, libjxl
from benchmarks.metrics.comparisons import SEED, Values
from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.evaluate.environment import environment
from sidelight.metrics.fidelity import Psnr
from sidelight.metrics.perceptual import Lpips

_NO_FILE = "values with the official weights: the file cannot be had here, the weights are random"


class Check(NamedTuple):
    """One comparison; ``compare`` returns our values and the other ones, in the same order."""

    metrics: tuple[str, ...]
    part: str
    against: str
    compare: Callable[[], tuple[Values, Values]]
    unproven: str = ""


def main() -> None:
    """Parses the command line, compares and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = list(dict.fromkeys(name for check in CHECKS for name in check.metrics))
    parser.add_argument("--metrics", choices=known, nargs="+", default=known)
    add_output_option(parser, "metric_checks.json")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    head = environment(seed=SEED)
    rows = []
    for check in CHECKS:
        if set(check.metrics) & set(arguments.metrics):
            rows.append(measure(check))
            say(f"{', '.join(check.metrics)}, {check.part}: {rows[-1]['largest_difference']:.2g}")
    write_record(arguments.output, {"environment": head, "checks": rows})


def measure(check: Check) -> Record:
    """Returns the largest difference of a check, and how large its values are."""
    ours, theirs = (np.asarray(values, np.float64) for values in check.compare())
    return {
        "metrics": list(check.metrics),
        "part": check.part,
        "against": check.against,
        "num_values": ours.size,
        "largest_difference": float(np.abs(ours - theirs).max()),
        "largest_value": float(np.abs(theirs).max()),
        "unproven": check.unproven,
    }


CHECKS = (
    Check(("psnr",), "value", "torchmetrics", comparisons.psnr),
    Check(
        ("psnr",),
        "means over Kodak as JPEG 10 and 80",
        "values recorded before",
        lambda: comparisons.recorded(Psnr()),
    ),
    Check(
        ("ms_ssim",), "value", "the paper's formulas by scipy's convolution", comparisons.ms_ssim
    ),
    Check(("lpips",), "value, official weights", "torchmetrics' port", comparisons.lpips_official),
    Check(
        ("lpips",),
        "means over Kodak as JPEG 10 and 80",
        "values recorded before",
        lambda: comparisons.recorded(Lpips()),
    ),
    Check(("lpips_vgg",), "value, official weights", "torchmetrics' port", comparisons.lpips_vgg),
    Check(
        ("lpips_vgg",),
        "mean over ten pairs of noise, official weights",
        "what torchmetrics 0.11's documentation prints, four digits",
        comparisons.lpips_vgg_printed,
    ),
    Check(
        ("lpips_squeeze",),
        "value, official heads",
        "torchmetrics' port",
        lambda: comparisons.lpips_random("squeeze"),
        _NO_FILE,
    ),
    Check(("dists",), "value, official weights", "torchmetrics' port", comparisons.dists),
    Check(
        ("dists",),
        "five pairs of noise, official weights",
        "what torchmetrics 1.9's documentation prints, four digits",
        comparisons.dists_printed,
    ),
    Check(
        ("ssimulacra2",),
        "Kodak pictures, whole and cut, as JPEG 5, 30 and 80",
        "libjxl 0.11's ssimulacra2",
        lambda: libjxl.ssimulacra2(5, 30, 80),
    ),
    Check(
        ("ssimulacra2",),
        "the same as JPEG 95",
        "libjxl 0.11's ssimulacra2, whose blur rounds in single precision",
        lambda: libjxl.ssimulacra2(95),
    ),
    Check(
        ("butteraugli_3norm", "butteraugli_max"),
        "Kodak pictures, whole and cut, as JPEG 10 and 80",
        "their definition, on the map of differences that libjxl 0.11's program draws",
        libjxl.butteraugli,
        "the map itself: no other implementation was at hand",
    ),
    Check(
        ("fid", "fd_effnet"),
        "distance of 400 rows",
        "its formula with scipy's root of a matrix",
        comparisons.frechet,
    ),
    Check(
        ("kid", "kd_effnet"),
        "mean and deviation over subsets",
        "torchmetrics' poly_mmd",
        comparisons.kernel,
    ),
    Check(
        ("is", "is_effnet"),
        "score of one split and of ten",
        "its formula with scipy's softmax and entropy",
        comparisons.classifier,
    ),
    Check(
        ("ipd", "ipd_effnet"),
        "distance",
        "scipy's",
        comparisons.instance,
        "that this is the paper's measure: it gives no definition",
    ),
    Check(
        ("fid", "kid", "is", "ipd"),
        "Inception's features, random weights in the official file's layout",
        "the network written a second way, pictures resized by scipy",
        comparisons.inception,
        _NO_FILE,
    ),
    Check(
        ("fd_effnet", "kd_effnet", "is_effnet", "ipd_effnet"),
        "logits of 224 px pictures",
        "the package's own forward pass",
        comparisons.effnet,
        "they stand in for Inception's and compare with nothing published",
    ),
    Check(
        ("ref_clip_score",),
        "score by a CLIP of two layers",
        "transformers' towers and preprocessing",
        comparisons.clip_score,
        _NO_FILE,
    ),
    Check(
        ("nima",),
        "shares of the ten scores, in double precision",
        "MobileNet in numpy, in Keras's layout",
        comparisons.nima_network,
        _NO_FILE,
    ),
    Check(("nima",), "score, in single precision", "the same in double", comparisons.nima),
    Check(
        ("map",),
        "mean over classes",
        "its definition, threshold by threshold",
        comparisons.average_precision,
        "the paper's DSDL, whose weights cannot be had; labels are the detector's own findings",
    ),
)


if __name__ == "__main__":
    main()
