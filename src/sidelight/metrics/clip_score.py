"""RefCLIPScore (Hessel et al. 2021): how well a picture fits its captions, by CLIP ViT-B/32.

CLIP vectors may also condition the decoder, so this score means little without the same one for
the original pictures and for pictures decoded without a caption (choice C23d).
"""

import importlib.util
from pathlib import Path
from statistics import harmonic_mean

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image
from torch import Tensor

from sidelight.errors import CheckpointError, ConfigError, TextError
from sidelight.metrics.protocol import Sample
from sidelight.text.clip import read_clip

PROMPT = "A photo depicts "
"""Stands before every caption, before the references too, as in the authors' code."""
_WEIGHT = 2.5
_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


class RefClipScore:
    """Harmonic mean of two cosines: picture with caption (times 2.5), caption with its references.

    The first caption is scored; the nearest of the others is its reference. Negative cosines count
    as 0. Without another caption the second term is 1 (choice C23d).
    """

    name = "ref_clip_score"
    label = "RefCLIPScore"
    higher_is_better = True
    source = "Hessel et al. 2021, arXiv 2104.08718"

    def __init__(self, folder: Path | None = None) -> None:
        """Reads CLIP from a folder; nothing is downloaded.

        Args:
            folder: As for ``ClipEncoder``, with both towers in it.

        Raises:
            CheckpointError: The model's files are missing or incomplete.
            ConfigError: transformers is missing.
        """
        if importlib.util.find_spec("transformers") is None:
            raise ConfigError("RefCLIPScore needs transformers: pip install 'sidelight[clip]'")
        try:
            self._tokenizer, self._network, _ = read_clip("CLIPModel", folder)
        except TextError as error:
            raise CheckpointError(f"RefCLIPScore: {error}") from None

    @torch.inference_mode()
    def __call__(self, sample: Sample) -> float:
        """Returns the score of the decoded picture, from 0 to 1.43.

        Raises:
            ConfigError: The picture has no caption.
        """
        if not sample.captions:
            raise ConfigError("RefCLIPScore needs one caption per picture or more, got none")
        config = self._network.config
        tokens = self._tokenizer(
            [PROMPT + caption for caption in sample.captions],
            truncation=True,
            max_length=config.text_config.max_position_embeddings,
            padding=True,
            return_tensors="pt",
        )
        x = torch.from_numpy(_prepared(sample.decoded, config.vision_config.image_size))
        vectors = self._network(**tokens, pixel_values=x)  # all of unit length
        caption, *references = vectors.text_embeds
        fit = _WEIGHT * _cosine(vectors.image_embeds[0], caption)
        reference = max((_cosine(caption, other) for other in references), default=1.0)
        return harmonic_mean([fit, reference])


def _cosine(a: Tensor, b: Tensor) -> float:
    return max(float(a @ b), 0.0)


def _prepared(image: UInt8[np.ndarray, "h w 3"], side_px: int) -> Float32[np.ndarray, "1 3 s s"]:
    """Returns the middle of the picture as CLIP reads it: short side resized, then a square."""
    height, width = image.shape[:2]
    short = min(height, width)
    size = (int(side_px * width / short), int(side_px * height / short))
    resized = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    top, left = ((length - side_px) // 2 for length in resized.shape[:2])
    square = resized[top : top + side_px, left : left + side_px]
    x = (square.astype(np.float32) / 255 - _MEAN) / _STD
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])
