"""The text vectors of a whole data set, computed once before training.

Axes: n captions, t text width.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sidelight.data.shards import read_shard_captions
from sidelight.errors import TextError
from sidelight.pixels.atomic import write_atomically
from sidelight.text.cache import CachedEncoder
from sidelight.text.encoder import EncoderIdentity, TextEncoder, embed_captions
from sidelight.text.listing import CaptionListing

_CAPTIONS_AT_ONCE = 64
_FORMAT = "sidelight-text-vectors-1"


def captions_of(dataset: Path) -> dict[str, tuple[str, ...]]:
    """Returns the captions of every picture, by key.

    Args:
        dataset: A tar shard, a folder of them, a JSON listing, or a folder with captions.json.

    Raises:
        TextError: There are no captions in it.
        ImageError: A shard is damaged.
    """
    shards = sorted(dataset.glob("*.tar")) if dataset.is_dir() else [dataset]
    listing = dataset / "captions.json" if dataset.is_dir() else dataset
    if not shards or dataset.suffix == ".json":
        if not listing.is_file():
            raise TextError(f"{dataset} holds neither tar shards nor captions.json")
        return {key: tuple(captions) for key, captions in CaptionListing.read(listing).items()}
    return dict(read_shard_captions(shards))


class DatasetEmbedder:
    """Embeds captions piece by piece; what is done stays in the encoder's cache."""

    def __init__(self, encoder: TextEncoder, cache: Path | None = None) -> None:
        self._encoder = CachedEncoder(encoder, cache)

    def pieces(self, captions: Sequence[str]) -> Iterator[Float[Tensor, "_ t"]]:
        """Yields vectors of ``embed_captions`` for up to 64 captions at a time, in order."""
        for start in range(0, len(captions), _CAPTIONS_AT_ONCE):
            piece = captions[start : start + _CAPTIONS_AT_ONCE]
            yield embed_captions(piece, self._encoder, self._encoder.width)


def as_kept(vectors: Float[Tensor, "n t"], encoder: TextEncoder) -> Float[Tensor, "n t"]:
    """Returns float16 vectors, or float32 ids: float16 has no odd numbers above 2048."""
    return vectors if encoder.holds_ids else vectors.half()


def save_vectors(
    path: Path,
    identity: EncoderIdentity,
    captions: Mapping[str, Sequence[str]],
    vectors: Float[Tensor, "n t"],
) -> None:
    """Writes vectors as they are kept, in the order of ``captions``, with what they belong to."""
    metadata = {
        "format": _FORMAT,
        "text_encoder": identity.name,
        "text_fingerprint": identity.fingerprint,
        "captions": json.dumps({key: list(texts) for key, texts in captions.items()}),
    }
    write_atomically(path, save({"vectors": vectors.contiguous()}, metadata))


def load_vectors(path: Path, identity: EncoderIdentity) -> dict[str, Float[Tensor, "_ t"]]:
    """Returns the vectors of each picture's captions, by key.

    Raises:
        TextError: No such file, or vectors of another encoder.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata, vectors = file.metadata() or {}, file.get_tensor("vectors")
        found = EncoderIdentity(metadata["text_encoder"], metadata["text_fingerprint"])
        counts = {key: len(texts) for key, texts in json.loads(metadata["captions"]).items()}
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise TextError(f"{path} holds no text vectors: {error}") from None
    if found != identity:
        raise TextError(f"{path} holds vectors of {found}, expected {identity}: delete it")
    return dict(zip(counts, torch.split(vectors, list(counts.values())), strict=True))
