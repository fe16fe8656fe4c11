"""How well a caption fits a picture, without any network access."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from sidelight.errors import TextError
from sidelight.text.bundled import BundledEncoder
from sidelight.text.encoder import fit_caption

if TYPE_CHECKING:
    from sidelight.metrics.networks.efficientnet import ImageFeatures

_LEAST_NORM = 1e-8


class CaptionMatcher:
    """Compares captions with pictures by ``sidelight-text`` and EfficientNet-Lite0."""

    def __init__(self, encoder: BundledEncoder, features: "ImageFeatures") -> None:
        """Takes an encoder that was tuned and calibrated.

        Raises:
            TextError: It was not.
        """
        if encoder.image_projection is None or encoder.match_thresholds is None:
            raise TextError("this text encoder was not tuned on pictures, so it cannot compare")
        self._encoder, self._features = encoder, features
        self._thresholds = encoder.match_thresholds

    @classmethod
    def load(cls) -> Self:
        """Returns the one that ships with the package.

        Raises:
            TextError: The extra ``match`` is not installed.
        """
        from sidelight.metrics.networks.efficientnet import ImageFeatures

        return cls(BundledEncoder(), ImageFeatures())

    def threshold(self, quality: float) -> float:
        """Returns the score below which a caption is taken for another picture's.

        About one right caption in fifty falls below it (docs/captions.md), at whatever quality the
        picture was coded: the less of it is left, the lower the threshold.
        """
        qualities, cosines = zip(*self._thresholds, strict=True)
        return float(np.interp(quality, qualities, cosines))

    def score(self, caption: str, image: np.ndarray) -> float:
        """Returns the cosine, -1 to 1, between a caption and a picture, uint8 (h, w, 3)."""
        return match_scores([caption], image, self._encoder, self._features).item()


def match_scores(
    captions: Sequence[str], image: np.ndarray, encoder: BundledEncoder, features: "ImageFeatures"
) -> np.ndarray:
    """Returns the cosines (n), -1 to 1, between captions and one picture.

    Args:
        captions: None of them empty.
        image: uint8 (h, w, 3).
        encoder: One that was tuned on pictures.
        features: Of pictures, as in its tuning.
    """
    if encoder.image_projection is None:
        raise ValueError("this text encoder was not tuned on pictures")
    vectors = encoder([fit_caption(caption, encoder) for caption in captions])
    (shown,) = features([image]).numpy() @ encoder.image_projection.T
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(shown)
    return vectors @ shown / np.maximum(norms, _LEAST_NORM)
