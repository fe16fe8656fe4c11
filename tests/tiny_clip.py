"""A tiny tokenizer as CLIP has one, for folders of tiny random CLIP models."""

import json
from pathlib import Path

from transformers.models.clip.tokenization_clip import CLIPTokenizer

ENDS = ["<|startoftext|>", "<|endoftext|>"]
MERGES = ["d o", "do g</w>", "c a", "ca t</w>"]


def write_tokenizer(path: Path) -> dict[str, int]:
    """Knows printable ASCII letters and two words; returns the settings that a model needs."""
    letters = [chr(code) for code in range(33, 127)]
    words = letters + [f"{letter}</w>" for letter in letters]
    words += [merge.replace(" ", "") for merge in MERGES] + ENDS
    vocabulary = {word: k for k, word in enumerate(words)}
    (path / "vocab.json").write_text(json.dumps(vocabulary))
    (path / "merges.txt").write_text("\n".join(["#version: 0.2", *MERGES]) + "\n")
    CLIPTokenizer.from_pretrained(path, local_files_only=True).save_pretrained(path)
    return {
        "vocab_size": len(vocabulary),
        "bos_token_id": vocabulary[ENDS[0]],
        "eos_token_id": vocabulary[ENDS[1]],
    }
