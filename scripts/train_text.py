"""Trains the bundled text encoder: python scripts/train_text.py RUN_FOLDER --wordnet FOLDER.

First it distils MiniLM (extra ``minilm``) on the captions of the training shards below
SIDELIGHT_ASSETS, on sentences crossed from two of them, on WordNet (Debian's wordnet-base:
/usr/share/wordnet) and on templates; then it tunes the result on the pictures of those captions
(extra ``match``). Pictures that are held out for tests are left out. RUN_FOLDER gets
``distilled.safetensors`` and ``sidelight-text.safetensors``. A run that was cut goes on when the
same command is given again.
"""

import argparse
import random
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from sidelight.assets import find_assets
from sidelight.captions.canonical import canonical_caption
from sidelight.metrics.networks.efficientnet import ImageFeatures
from sidelight.text.bundled import save_bundled
from sidelight.text.minilm import MiniLMEncoder
from sidelight.text.network import SentenceNetwork
from sidelight.text.sentence_config import SentenceConfig
from sidelight.train.data.pictures import CaptionedImage
from sidelight.train.data.shards import held_out_keys, read_shard_captions, read_shards
from sidelight.train.data.text_vectors import DatasetEmbedder
from sidelight.train.text.distillation import Distillation, DistillationConfig, train_tokenizer
from sidelight.train.text.run import TextRun
from sidelight.train.text.sentences import (
    crossed_captions,
    template_sentences,
    wordnet_nouns,
    wordnet_sentences,
)
from sidelight.train.text.tuning import Tuning, TuningConfig

_SHARDS = "data/train/*.tar"
_HELD_OUT_SHARD, _HELD_OUT = "flickr8k-224px-01", 500
_PICTURES_AT_ONCE = 32
_SEED = 2311


def main() -> None:
    """Parses the command line and trains."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--vocabulary", type=int, default=3072)
    parser.add_argument("--steps", type=int, default=DistillationConfig().steps)
    parser.add_argument("--tuning-steps", type=int, default=TuningConfig().steps)
    parser.add_argument("--templates", type=int, default=20_000)
    parser.add_argument("--crossed", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(_SEED)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    shards = find_assets(_SHARDS)
    captions = training_captions(shards)
    sentences = [text for texts in captions.values() for text in texts]
    crossed = crossed_captions(tuple(sentences), arguments.crossed, seed=_SEED)
    sentences += [*crossed, *other_sentences(arguments.wordnet, arguments.templates)]
    _report(f"{len(sentences)} sentences, captions of {len(captions)} pictures among them")
    tokenizer = train_tokenizer(sentences, arguments.vocabulary)
    network = SentenceNetwork(SentenceConfig(vocabulary=tokenizer.get_vocab_size()))
    distillation = Distillation(
        network,
        tokenizer,
        sentences,
        teacher_vectors(sentences),
        DistillationConfig(steps=arguments.steps),
    )
    distillation.run(progress("distillation", distillation), arguments.folder / "distillation.pt")
    network.eval()
    save_bundled(arguments.folder / "distilled.safetensors", network, tokenizer)
    features = image_features(shards, captions, arguments.folder / "features.safetensors")
    tuning = Tuning(
        network,
        tokenizer,
        features,
        list(captions.values()),
        TuningConfig(steps=arguments.tuning_steps),
    )
    tuning.run(progress("tuning", tuning), arguments.folder / "tuning.pt")
    target = arguments.folder / "sidelight-text.safetensors"
    projection = tuning.projection.weight.detach().numpy()
    save_bundled(target, network.eval(), tokenizer, image_projection=projection)
    _report(f"{target}: {target.stat().st_size} bytes")


def training_captions(shards: list[Path]) -> dict[str, list[str]]:
    """Returns the captions of every training picture by key, less those held out."""
    listed = dict(read_shard_captions(shards))
    held_out = held_out_keys(listed, _HELD_OUT_SHARD, _HELD_OUT)
    return {
        key: [caption for text in listed[key] if (caption := canonical_caption(text))]
        for key in sorted(listed.keys() - held_out)
    }


def other_sentences(wordnet: Path, num_templates: int) -> list[str]:
    """Returns WordNet's glosses and examples, and templates with its nouns."""
    fillers = random.Random(_SEED).choices(wordnet_nouns(wordnet), k=2 * num_templates)
    templates = list(template_sentences(fillers))[:num_templates]
    return [*wordnet_sentences(wordnet), *templates]


def progress(name: str, run: TextRun) -> Callable[[int, float], None]:
    """Returns what tells the loss of a run."""
    return lambda step, loss: _report(f"{name} {step}/{run.num_steps}: loss {loss:.4f}")


def teacher_vectors(sentences: list[str]) -> torch.Tensor:
    """Returns MiniLM's vectors of the sentences, float16."""
    order = sorted(range(len(sentences)), key=lambda k: len(sentences[k]))  # little padding
    encoder = MiniLMEncoder()
    vectors = torch.empty(len(sentences), encoder.width, dtype=torch.float16)
    done = 0
    for piece in DatasetEmbedder(encoder).pieces([sentences[k] for k in order]):
        vectors[order[done : done + len(piece)]] = torch.from_numpy(piece).half()
        done += len(piece)
        if done % 12_800 == 0:
            _report(f"teacher: {done} of {len(sentences)} sentences")
    return vectors


def image_features(shards: list[Path], captions: dict[str, list[str]], cache: Path) -> torch.Tensor:
    """Returns float16 features of the pictures in the order of ``captions``."""
    if not cache.exists():
        network = ImageFeatures()
        rows: dict[str, torch.Tensor] = {}
        waiting = []
        for picture in read_shards(shards):
            if picture.key in captions:
                waiting.append(picture)
            if len(waiting) == _PICTURES_AT_ONCE:
                rows |= _features_of(network, waiting)
                waiting = []
        rows |= _features_of(network, waiting)
        save_file({"features": torch.stack([rows[key] for key in captions])}, cache)
        _report(f"features of {len(rows)} pictures")
    return load_file(cache)["features"]


def _features_of(network: ImageFeatures, pictures: list[CaptionedImage]) -> dict[str, torch.Tensor]:
    if not pictures:
        return {}
    features = network([picture.image for picture in pictures]).half()
    return dict(zip((picture.key for picture in pictures), features, strict=True))


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
