"""How well a caption fits a picture, without any network access."""

import numpy as np
from torch.nn import functional as F

from sidelight.errors import TextError
from sidelight.text.bundled import BundledEncoder
from sidelight.text.encoder import fit_caption
from sidelight.text.images import ImageFeatures


class CaptionMatcher:
    """Compares captions with pictures by ``sidelight-text`` and EfficientNet-Lite0.

    Attributes:
        threshold: Scores below it are taken for another picture's caption; at most one right
            caption in fifty falls below (docs/captions.md).
    """

    def __init__(self, encoder: BundledEncoder, features: ImageFeatures) -> None:
        """Takes an encoder that was tuned and calibrated.

        Raises:
            TextError: It was not.
        """
        if encoder.image_projection is None or encoder.match_threshold is None:
            raise TextError("this text encoder was not tuned on pictures, so it cannot compare")
        self._encoder, self._features = encoder, features
        self._projection = encoder.image_projection
        self.threshold = encoder.match_threshold

    def score(self, caption: str, image: np.ndarray) -> float:
        """Returns the cosine, -1 to 1, between a caption and a picture, uint8 (h, w, 3)."""
        vector = self._encoder([fit_caption(caption, self._encoder)])
        shown = self._features([image]) @ self._projection.T
        return F.cosine_similarity(vector, shown).item()
