"""Retrieval among held-out captions, likeness to the teacher, time and memory per caption.

python -m benchmarks.text.retrieval [--encoders minilm-l6-v2 sidelight-text PATH.safetensors]

The last 500 pictures of flickr8k-224px-01 are never trained on. A query is a picture's first
caption, the answers are the second captions of all 500; recall at 1 is the share of queries whose
own picture comes first by cosine. Encoders that were tuned on pictures are also asked for each
picture's first caption among those of all 500.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from benchmarks.record import Record, add_output_option, say, write_record
from benchmarks.threads import use_threads
from sidelight.assets import find_asset
from sidelight.metrics.networks.efficientnet import ImageFeatures
from sidelight.text.bundled import BundledEncoder
from sidelight.text.encoder import TextEncoder, embed_captions
from sidelight.text.registry import load_text_encoder
from sidelight.train.data.shards import find_in_shards

_SHARD, _HELD_OUT = "data/train/flickr8k-224px-01.tar", 500
_TEACHER = "minilm-l6-v2"
_TIMED = 100
_START_UP = """
import json, resource, sys, time
from benchmarks.text.retrieval import load_encoder
from sidelight.evaluate.environment import environment
def resident():
    with open("/proc/self/statm") as file:
        return resource.getpagesize() * int(file.read().split()[1])
before, start = resident(), time.perf_counter()
load_encoder(sys.argv[1])(["A dog runs on a beach."])
seconds = time.perf_counter() - start
print(json.dumps({"start_s": seconds, "start_bytes": resident() - before}))
"""


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoders", nargs="+", default=[_TEACHER, BundledEncoder.name])
    add_output_option(parser, "text_retrieval.json")
    arguments = parser.parse_args()

    use_threads(1)
    head = environment()
    files = list(find_in_shards([find_asset(_SHARD)]))[-_HELD_OUT:]
    pictures = [file.in_memory() for file in files]
    queries, answers = ([p.captions[k] for p in pictures] for k in (0, 1))
    target = _unit(load_text_encoder(_TEACHER), queries)
    shown = _features([p.image for p in pictures])
    summary = {}
    for name in arguments.encoders:
        record = measure(load_encoder(name), queries, answers, target, shown)
        record |= start_up(name)
        summary[Path(name).stem] = record
        say(f"{name}: {record}")
    write_record(arguments.output, {"environment": head, "summary": summary})


def load_encoder(name: str) -> TextEncoder:
    """Returns an encoder by its name, or a file's by its path."""
    return BundledEncoder(Path(name)) if name.endswith(".safetensors") else load_text_encoder(name)


def start_up(name: str) -> Record:
    """Returns what a fresh process spends on an encoder before its first vector."""
    done = subprocess.run(
        [sys.executable, "-c", _START_UP, name], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def measure(
    encoder: TextEncoder,
    queries: list[str],
    answers: list[str],
    teacher: Float[Tensor, "n t"],
    shown: Float[Tensor, "n f"],
) -> Record:
    """Returns the figures of one encoder, on one thread."""
    vectors, answered = _unit(encoder, queries), _unit(encoder, answers)
    seconds = []
    for caption in queries[:_TIMED]:
        start = time.perf_counter()
        encoder([caption])
        seconds.append(time.perf_counter() - start)
    record = {
        "identity": encoder.identity._asdict(),
        "recall_at_1": recall_at(vectors, answered, 1),
        "recall_at_5": recall_at(vectors, answered, 5),
        "cosine_to_teacher": None,
        "image_recall_at_1": None,
        "image_recall_at_5": None,
        "ms_per_caption": 1000 * median(seconds),
    }
    if vectors.shape == teacher.shape:
        record["cosine_to_teacher"] = (vectors * teacher).sum(1).mean().item()
    projection = getattr(encoder, "image_projection", None)
    if projection is not None:
        images = F.normalize(shown @ torch.from_numpy(projection).T, dim=1)
        record["image_recall_at_1"] = recall_at(images, vectors, 1)
        record["image_recall_at_5"] = recall_at(images, vectors, 5)
    return record


def recall_at(queries: Float[Tensor, "n t"], answers: Float[Tensor, "n t"], k: int) -> float:
    """Returns the share of queries whose own answer is among the first ``k`` by cosine."""
    likeness = queries @ answers.T
    rank = (likeness > likeness.diagonal()[:, None]).sum(1)
    return (rank < k).float().mean().item()


def _unit(encoder: TextEncoder, captions: list[str]) -> Float[Tensor, "n t"]:
    return F.normalize(torch.from_numpy(embed_captions(captions, encoder, encoder.width)), dim=1)


def _features(images: list[np.ndarray]) -> Float[Tensor, "n f"]:
    network = ImageFeatures()
    return torch.cat([network([image]) for image in images])


if __name__ == "__main__":
    main()
