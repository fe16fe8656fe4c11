"""CLIP text vectors, the paper's choice (section 3.2): ViT-B/32 by default; extra ``clip``.

Axes: b batch, t text width (512 for ViT-B/32).
"""

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sidelight.errors import TextError
from sidelight.text.encoder import EncoderIdentity, fingerprint_of

FOLDER_VARIABLE = "SIDELIGHT_CLIP"
"""Environment variable: the folder of another CLIP model than the hub's."""
_HUB_NAME = "openai/clip-vit-base-patch32"
_TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "merges.txt")
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
_HOW_TO_GET = (
    "expected config.json, model.safetensors and tokenizer.json (or vocab.json and merges.txt) in "
    f"one folder; get them by 'hf download {_HUB_NAME}', or set {FOLDER_VARIABLE} to a folder that "
    "holds them"
)


class ClipFiles(NamedTuple):
    """A CLIP model as transformers reads it from a folder."""

    tokenizer: Any
    network: Any
    """Frozen, in float32."""
    files: list[Path]
    """Of the tokenizer and the weights: what its vectors depend on."""


class ClipEncoder:
    """The text tower of a CLIP model, frozen."""

    name = "clip-vit-b32"
    holds_ids = False

    def __init__(self, folder: Path | None = None) -> None:
        """Reads the model from a folder, see ``read_clip``.

        Raises:
            TextError: transformers or the model's files are missing.
        """
        self._tokenizer, self._network, files = read_clip("CLIPTextModelWithProjection", folder)
        self.width = self._network.config.projection_dim
        self.identity = EncoderIdentity(self.name, fingerprint_of(files))

    def characters_read(self, caption: str) -> int:
        """Returns where the last token ends that the model has a position for (77 of them)."""
        encoded = self._tokens(
            [caption], return_offsets_mapping=True, return_overflowing_tokens=True
        )
        if len(encoded["input_ids"]) == 1:
            return len(caption)
        return int(encoded["offset_mapping"][0][-2][1])

    def __call__(self, captions: Sequence[str]) -> np.ndarray:
        """Returns the projected text features, float32 (b, t), not normalised."""
        import torch

        tokens = self._tokens(captions, padding=True, return_tensors="pt")
        with torch.inference_mode():
            return self._network(**tokens).text_embeds.numpy()

    def _tokens(self, captions: Sequence[str], **options: Any) -> Any:
        most = self._network.config.max_position_embeddings
        return self._tokenizer(list(captions), truncation=True, max_length=most, **options)


def read_clip(part: str, folder: Path | None = None) -> ClipFiles:
    """Reads a CLIP model, or a part of one, from a folder; nothing is downloaded.

    Args:
        part: transformers' class, such as ``CLIPModel`` for both towers.
        folder: As ``save_pretrained`` of transformers writes it; None for the folder that
            SIDELIGHT_CLIP names, else the hub's download of ViT-B/32.

    Raises:
        TextError: transformers or the model's files are missing.
    """
    if importlib.util.find_spec("transformers") is None:
        raise TextError("CLIP needs transformers: pip install 'sidelight[clip]'")
    import transformers
    from transformers.utils.logging import disable_progress_bar

    folder = folder or _default_folder()
    files = [folder / n for n in (*_TOKENIZER_FILES, *_WEIGHT_FILES) if (folder / n).is_file()]
    disable_progress_bar()
    try:
        tokenizer = transformers.CLIPTokenizerFast.from_pretrained(folder, local_files_only=True)
        network, found = getattr(transformers, part).from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise TextError(f"{_incomplete(folder, part)} ({error})") from None
    # transformers would put random numbers where a weight or the config is missing
    if found["missing_keys"] or found["mismatched_keys"] or not (folder / "config.json").exists():
        raise TextError(_incomplete(folder, part))
    return ClipFiles(tokenizer, network.eval().float(), files)


def _default_folder() -> Path:
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(_HUB_NAME, "config.json")
    if not isinstance(found, str):
        raise TextError(f"no CLIP weights: {_HOW_TO_GET}")
    return Path(found).parent


def _incomplete(folder: Path, part: str) -> str:
    return f"{folder} holds no complete {part}: {_HOW_TO_GET}"
