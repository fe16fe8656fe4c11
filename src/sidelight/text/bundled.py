"""``sidelight-text``, the text encoder inside the package: a file of 8 MB, no network.

How it was trained is in docs/captions.md. Axes: b batch, n tokens, t text width, f image features.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from sidelight.errors import CheckpointError
from sidelight.runtime.cards import TextCard, card_of, graph_of, has_graphs, is_of_graphs
from sidelight.runtime.sealing import check_seal, read_weight_file
from sidelight.runtime.weight_file import WeightFile
from sidelight.text.encoder import EncoderIdentity, fingerprint_of
from sidelight.text.sentence_config import SentenceConfig

if TYPE_CHECKING:
    from sidelight.text.network import SentenceNetwork

WEIGHTS = Path(__file__).with_name("sidelight-text.safetensors")
PADDING = "<pad>"
_FORMAT = "sidelight-text-1"
_PROJECTION = "image_projection"

MatchThresholds = list[tuple[float, float]]


class BundledEncoder:
    """Our own small transformer over byte-level word pieces.

    Attributes:
        image_projection: (t, f); brings features of ``ImageFeatures`` beside the vectors, so that
            their cosine says how well a caption fits a picture. None before tuning.
        match_thresholds: Qualities, rising, each with the cosine below which a caption is taken for
            another picture's when the picture is decoded from a file of that quality; None
            before calibration.
    """

    name = "sidelight-text"
    holds_ids = False

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Reads the file that ``save_bundled`` wrote.

        Raises:
            CheckpointError: It is missing, of another format, or incomplete.
        """
        file = WeightFile.read(path)
        try:
            if not is_text_encoder(file):
                raise CheckpointError(f"{path} is no text encoder of format {_FORMAT}")
            self.identity = EncoderIdentity(self.name, _fingerprint(file))
            config = SentenceConfig.from_dict(json.loads(file.metadata["config"]))
            self._tokenizer = batching_tokenizer(file.metadata["tokenizer"], config.max_tokens)
            self.match_thresholds: MatchThresholds | None = json.loads(
                file.metadata["match_thresholds"]
            )
            self._network = _network(config, file)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"cannot read text encoder {path}: {error}") from None
        projection = file.tensors.get(_PROJECTION)
        self.image_projection = None if projection is None else projection.astype(np.float32)
        self.width = config.text_width

    def characters_read(self, caption: str) -> int:
        """Returns where the last word piece ends that the network has a position for."""
        encoded = self._tokenizer.encode(caption)
        return encoded.offsets[-1][1] if encoded.overflowing else len(caption)

    def __call__(self, captions: Sequence[str]) -> np.ndarray:
        """Returns one vector per caption, float32 (b, t)."""
        ids, attended = tokenize(self._tokenizer, captions)
        (vectors,) = self._network(None, ids=ids, attended=attended)
        return vectors


def _network(config: SentenceConfig, file: WeightFile) -> Any:
    """Returns the network of a file: its graph, or torch's where it has none."""
    if has_graphs(file.metadata):
        return graph_of(file, "embed", TextCard.from_dict(card_of(file)).embed)
    from sidelight.text.network import SentencesByTorch

    return SentencesByTorch(config, _weights(file))


def is_text_encoder(file: WeightFile) -> bool:
    """Returns whether a file holds what ``save_bundled`` writes."""
    return file.metadata.get("format") == _FORMAT


def text_network(file: WeightFile) -> "SentenceNetwork":
    """Returns the float network of a text encoder's file."""
    from sidelight.text.network import SentencesByTorch

    config = SentenceConfig.from_dict(json.loads(file.metadata["config"]))
    return SentencesByTorch(config, _weights(file)).network


def _weights(file: WeightFile) -> dict[str, np.ndarray]:
    """Returns what the network's own weights are, without all that came later."""
    return {
        name: value
        for name, value in file.tensors.items()
        if name != _PROJECTION and not is_of_graphs(name)
    }


def read_tokenizer(path: Path = WEIGHTS) -> str:
    """Returns the tokenizer, serialised, of a file that ``save_bundled`` wrote.

    Raises:
        CheckpointError: The file is missing or holds none.
    """
    try:
        return check_seal(read_weight_file(path)).metadata["tokenizer"]
    except KeyError:
        raise CheckpointError(f"cannot read the tokenizer of {path}: it holds none") from None


def _fingerprint(file: WeightFile) -> str:
    # what vectors follow from; the match score may be tuned anew without touching them
    parts = [file.metadata["config"].encode(), file.metadata["tokenizer"].encode()]
    for name, value in _weights(file).items():
        parts += [name.encode(), value.tobytes()]
    return fingerprint_of(parts)


def batching_tokenizer(serialised: str, max_tokens: int) -> Tokenizer:
    """Returns a tokenizer that cuts and pads sentences as the network reads them."""
    tokenizer = Tokenizer.from_str(serialised)
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(pad_token=PADDING)
    return tokenizer


def tokenize(tokenizer: Tokenizer, captions: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns padded ids, int32 (b, n), and which of them are word pieces, bool (b, n)."""
    encoded = tokenizer.encode_batch(list(captions))
    ids = np.array([e.ids for e in encoded], np.int32)
    return ids, np.array([e.attention_mask for e in encoded], np.bool_)


def save_bundled(
    path: Path,
    network: "SentenceNetwork",
    tokenizer: Tokenizer,
    *,
    image_projection: np.ndarray | None = None,
    match_thresholds: MatchThresholds | None = None,
) -> None:
    """Writes weights in float16, config and tokenizer into one safetensors file.

    Args:
        path: The file.
        network: Trained.
        tokenizer: That it was trained with.
        image_projection: As the encoder's attribute, as is the last one.
        match_thresholds: As there.
    """
    metadata = {
        "format": _FORMAT,
        "config": json.dumps(network.config.to_dict()),
        "tokenizer": tokenizer.to_str(),
        "match_thresholds": json.dumps(match_thresholds),
    }
    tensors = network.arrays()
    if image_projection is not None:
        tensors[_PROJECTION] = image_projection
    WeightFile(metadata, _halved(tensors)).write(path)


def set_match_thresholds(path: Path, thresholds: MatchThresholds) -> None:
    """Stores other ``match_thresholds`` in a file that ``save_bundled`` wrote."""
    file = WeightFile.read(path)
    metadata = file.metadata | {"match_thresholds": json.dumps(thresholds)}
    file._replace(metadata=metadata).write(path)


def _halved(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.ascontiguousarray(value, np.float16) for name, value in tensors.items()}
