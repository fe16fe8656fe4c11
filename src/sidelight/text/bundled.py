"""``sidelight-text``, the text encoder inside the package: a file of 8 MB, no network.

How it was trained is in docs/captions.md. Axes: b batch, t text width, f image features.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from tokenizers import Tokenizer
from torch import Tensor

from sidelight.errors import CheckpointError
from sidelight.nn.caller import own_settings
from sidelight.pixels.atomic import write_atomically
from sidelight.sealing import check_seal, read_weight_file, sealed
from sidelight.text.encoder import EncoderIdentity, fingerprint_of
from sidelight.text.network import SentenceConfig, SentenceNetwork

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

    @own_settings()
    def __init__(self, path: Path = WEIGHTS) -> None:
        """Reads the file that ``save_bundled`` wrote.

        Raises:
            CheckpointError: It is missing, of another format, or incomplete.
        """
        try:
            metadata, tensors = _read(path)
            if metadata.get("format") != _FORMAT:
                raise CheckpointError(f"{path} is no text encoder of format {_FORMAT}")
            self.identity = EncoderIdentity(self.name, _fingerprint(metadata, tensors))
            config = SentenceConfig.from_dict(json.loads(metadata["config"]))
            self._tokenizer = batching_tokenizer(metadata["tokenizer"], config.max_tokens)
            self.match_thresholds: MatchThresholds | None = json.loads(metadata["match_thresholds"])
            weights = {name: value.float() for name, value in tensors.items()}
            self.image_projection = weights.pop(_PROJECTION, None)
            with torch.random.fork_rng(devices=[]):  # the caller's random numbers are not ours
                self._network = SentenceNetwork(config).float().eval()
            self._network.load_state_dict(weights)
        except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"cannot read text encoder {path}: {error}") from None
        self.width = config.text_width

    def characters_read(self, caption: str) -> int:
        """Returns where the last word piece ends that the network has a position for."""
        encoded = self._tokenizer.encode(caption)
        return encoded.offsets[-1][1] if encoded.overflowing else len(caption)

    @own_settings()
    @torch.inference_mode()
    def __call__(self, captions: Sequence[str]) -> Float[Tensor, "b t"]:
        """Returns one vector per caption."""
        return self._network(*tokenize(self._tokenizer, captions))


def read_tokenizer(path: Path = WEIGHTS) -> str:
    """Returns the tokenizer, serialised, of a file that ``save_bundled`` wrote.

    Raises:
        CheckpointError: The file is missing or holds none.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata()["tokenizer"]
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise CheckpointError(f"cannot read the tokenizer of {path}: {error}") from None


def _fingerprint(metadata: dict[str, str], tensors: dict[str, Tensor]) -> str:
    # what vectors follow from; the match score may be tuned anew without touching them
    parts = [metadata["config"].encode(), metadata["tokenizer"].encode()]
    for name in sorted(tensors.keys() - {_PROJECTION}):
        parts += [name.encode(), tensors[name].numpy().tobytes()]
    return fingerprint_of(parts)


def batching_tokenizer(serialised: str, max_tokens: int) -> Tokenizer:
    """Returns a tokenizer that cuts and pads sentences as the network reads them."""
    tokenizer = Tokenizer.from_str(serialised)
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(pad_token=PADDING)
    return tokenizer


def tokenize(tokenizer: Tokenizer, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Returns padded ids, int64 (b, n), and which of them are word pieces, bool (b, n)."""
    encoded = tokenizer.encode_batch(list(captions))
    ids = torch.tensor([e.ids for e in encoded])
    attended = torch.tensor([e.attention_mask for e in encoded], dtype=torch.bool)
    return ids, attended


def save_bundled(
    path: Path,
    network: SentenceNetwork,
    tokenizer: Tokenizer,
    *,
    image_projection: Float[Tensor, "t f"] | None = None,
    match_thresholds: MatchThresholds | None = None,
) -> None:
    """Writes weights in float16, config and tokenizer into one safetensors file."""
    metadata = {
        "format": _FORMAT,
        "config": json.dumps(network.config.to_dict()),
        "tokenizer": tokenizer.to_str(),
        "match_thresholds": json.dumps(match_thresholds),
    }
    tensors = dict(network.state_dict())
    if image_projection is not None:
        tensors[_PROJECTION] = image_projection
    halved = {name: value.detach().half().contiguous() for name, value in tensors.items()}
    _write(path, halved, metadata)


def set_match_thresholds(path: Path, thresholds: MatchThresholds) -> None:
    """Stores other ``match_thresholds`` in a file that ``save_bundled`` wrote."""
    metadata, tensors = _read(path)
    _write(path, tensors, metadata | {"match_thresholds": json.dumps(thresholds)})


def _write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    write_atomically(path, save(tensors, sealed(metadata, save(tensors, metadata))))


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    data = read_weight_file(path)
    return check_seal(data).metadata, load(data)
