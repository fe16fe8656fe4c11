"""Retrieval among held-out captions, likeness to the teacher, time and memory per caption.

python -m benchmarks.text.retrieval [--encoders minilm-l6-v2 PATH.safetensors]

The last 500 pictures of flickr8k-224px-01 are never trained on. A query is a picture's first
caption, the answers are the second captions of all 500; recall at 1 is the share of queries whose
own picture comes first by cosine.
"""

import argparse
import resource
import time
from pathlib import Path
from statistics import median

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from benchmarks.record import Record, add_output_option, environment, say, write_record
from sidelight.assets import find_asset
from sidelight.data.shards import read_shard_captions
from sidelight.text.bundled import BundledEncoder
from sidelight.text.encoder import TextEncoder, embed_captions
from sidelight.text.registry import load_text_encoder

_SHARD, _HELD_OUT = "data/train/flickr8k-224px-01.tar", 500
_TEACHER = "minilm-l6-v2"
_TIMED = 100


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoders", nargs="+", default=[_TEACHER])
    add_output_option(parser, "text_retrieval.json")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    head = environment()
    listed = list(read_shard_captions([find_asset(_SHARD)]))[-_HELD_OUT:]
    queries, answers = ([captions[k] for _, captions in listed] for k in (0, 1))
    teacher = load_text_encoder(_TEACHER)
    target = _unit(teacher, queries)
    summary = {}
    for name in arguments.encoders:
        encoder = BundledEncoder(Path(name)) if name.endswith(".safetensors") else None
        summary[name] = measure(encoder or load_text_encoder(name), queries, answers, target)
        say(f"{name}: {summary[name]}")
    write_record(arguments.output, {"environment": head, "summary": summary})


def measure(
    encoder: TextEncoder, queries: list[str], answers: list[str], teacher: Float[Tensor, "n t"]
) -> Record:
    """Returns the figures of one encoder, on one thread."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    vectors, answered = _unit(encoder, queries), _unit(encoder, answers)
    seconds = []
    for caption in queries[:_TIMED]:
        start = time.perf_counter()
        encoder([caption])
        seconds.append(time.perf_counter() - start)
    same_width = vectors.shape == teacher.shape
    return {
        "identity": encoder.identity._asdict(),
        "recall_at_1": recall_at(vectors, answered, 1),
        "recall_at_5": recall_at(vectors, answered, 5),
        "cosine_to_teacher": (vectors * teacher).sum(1).mean().item() if same_width else None,
        "ms_per_caption": 1000 * median(seconds),
        "peak_growth_bytes": 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before),
    }


def recall_at(queries: Float[Tensor, "n t"], answers: Float[Tensor, "n t"], k: int) -> float:
    """Returns the share of queries whose own answer is among the first ``k`` by cosine."""
    likeness = queries @ answers.T
    rank = (likeness > likeness.diagonal()[:, None]).sum(1)
    return (rank < k).float().mean().item()


def _unit(encoder: TextEncoder, captions: list[str]) -> Float[Tensor, "n t"]:
    return F.normalize(embed_captions(captions, encoder, encoder.width), dim=1)


if __name__ == "__main__":
    main()
