"""RefCLIPScore from transformers' own towers and preprocessing, and a tiny CLIP to run it on."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextModelWithProjection,
    CLIPVisionModelWithProjection,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.clip.tokenization_clip import CLIPTokenizer

POSITIONS = 40
_ENDS = ["<|startoftext|>", "<|endoftext|>"]
_MERGES = ["d o", "do g</w>", "c a", "ca t</w>"]


def write_tokenizer(path: Path) -> dict[str, int]:
    """Writes one that knows ASCII letters and two words; returns the settings a model needs."""
    letters = [chr(code) for code in range(33, 127)]
    words = letters + [f"{letter}</w>" for letter in letters]
    words += [merge.replace(" ", "") for merge in _MERGES] + _ENDS
    vocabulary = {word: k for k, word in enumerate(words)}
    (path / "vocab.json").write_text(json.dumps(vocabulary))
    (path / "merges.txt").write_text("\n".join(["#version: 0.2", *_MERGES]) + "\n")
    CLIPTokenizer.from_pretrained(path, local_files_only=True).save_pretrained(path)
    return {
        "vocab_size": len(vocabulary),
        "bos_token_id": vocabulary[_ENDS[0]],
        "eos_token_id": vocabulary[_ENDS[1]],
    }


def write_model(path: Path) -> None:
    """Writes a seeded CLIP of two layers with its tokenizer."""
    vocabulary = write_tokenizer(path)
    tower = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": 6,
    }
    with torch.random.fork_rng():
        torch.manual_seed(3)
        config = CLIPConfig(
            text_config={**vocabulary, **tower, "max_position_embeddings": POSITIONS},
            vision_config={**tower, "image_size": 224, "patch_size": 32},
            projection_dim=6,
        )
        network = CLIPModel(config)
        for parameter in network.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
        network.text_projection.weight.data *= -1  # captions and pictures point the same way
    network.save_pretrained(path)


def load_score(path: Path) -> Callable[[np.ndarray, Sequence[str]], float]:
    """Returns the score of a picture with its captions, from vectors of any length in numpy."""
    text = CLIPTextModelWithProjection.from_pretrained(path, local_files_only=True).eval()
    vision = CLIPVisionModelWithProjection.from_pretrained(path, local_files_only=True).eval()
    tokenizer = CLIPTokenizer.from_pretrained(path, local_files_only=True)
    processor = CLIPImageProcessorPil()

    @torch.inference_mode()
    def score(image: np.ndarray, captions: Sequence[str]) -> float:
        caption, *others = (
            text(**tokenizer([f"A photo depicts {words}"], return_tensors="pt"))
            .text_embeds[0]
            .numpy()
            for words in captions
        )
        picture = vision(**processor(image, return_tensors="pt")).image_embeds[0].numpy()
        fit = 2.5 * _cosine(picture, caption)
        reference = max((_cosine(caption, other) for other in others), default=1.0)
        return 2 * fit * reference / (fit + reference)

    return score


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return max(float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())), 0.0)
