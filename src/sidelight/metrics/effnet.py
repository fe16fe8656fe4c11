"""Features of EfficientNet-Lite0, which stand in where Inception's weights cannot be had.

What is computed from them has names of its own (FD-EffNet, KD-EffNet, IS-EffNet): the values are
not those of FID, KID and IS and compare with nothing published.

Axes: n rows (patches), f features (1280), k classes (1000).
"""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from sidelight.errors import ConfigError, TextError
from sidelight.metrics.networks.efficientnet import ImageFeatures
from sidelight.metrics.patches import PATCHES


class EffNetFeatures:
    """One row of pooled features per patch. Every patch is resized to 224x224 on its own."""

    def __init__(self, network: ImageFeatures, patches: str) -> None:
        """Takes the network and a key of ``PATCHES``."""
        self.name = f"effnet_{patches}"
        self._network = network
        self._cut = PATCHES[patches]

    def __call__(self, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "n f"]:
        """Returns the features of each patch.

        Raises:
            ImageError: The picture is smaller than one tile.
        """
        return np.concatenate([self._network([patch]).numpy() for patch in self._cut(image)])

    def logits(self, features: Float32[np.ndarray, "n f"]) -> Float32[np.ndarray, "n k"]:
        """Returns the logits of rows that this extractor gave."""
        return self._network.logits(torch.from_numpy(features)).numpy()


@cache
def load_features(patches: str) -> EffNetFeatures:
    """Returns the same extractor for the same patches, so that metrics can share rows.

    Raises:
        ConfigError: The packages are missing.
    """
    return EffNetFeatures(_network(), patches)


@cache
def _network() -> ImageFeatures:
    try:
        return ImageFeatures()
    except TextError as error:
        raise ConfigError(str(error)) from None
