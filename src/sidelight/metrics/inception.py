"""Features of TensorFlow's Inception-v3, those of published FID, KID and IS values.

Axes: n rows (patches), f features (2048), k classes (1008).
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from sidelight.errors import CheckpointError
from sidelight.metrics.networks.inception import FILE, Inception
from sidelight.metrics.patches import PATCHES
from sidelight.metrics.pictures import to_batch
from sidelight.nn.published import read_tensors


class InceptionFeatures:
    """One row of pooled features per patch. Every patch is resized to 299x299 on its own."""

    def __init__(self, network: Inception, patches: str) -> None:
        """Takes a network in evaluation mode and a key of ``PATCHES``."""
        self.name = f"inception_{patches}"
        self._network = network
        self._cut = PATCHES[patches]

    @torch.inference_mode()
    def __call__(self, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "n f"]:
        """Returns the features of each patch.

        Raises:
            ImageError: The picture is smaller than one tile.
        """
        return np.concatenate([self._network(to_batch(p)).numpy() for p in self._cut(image)])

    @torch.inference_mode()
    def logits(self, features: Float32[np.ndarray, "n f"]) -> Float32[np.ndarray, "n k"]:
        """Returns the logits of rows that this extractor gave."""
        return self._network.logits(torch.from_numpy(features)).numpy()


def load_features(patches: str) -> InceptionFeatures:
    """Returns the same extractor for the same patches and file, so that metrics can share rows.

    Raises:
        CheckpointError: The weights are missing, or the file holds something else.
    """
    return _features(FILE.locate(), patches)


@cache
def _features(path: Path, patches: str) -> InceptionFeatures:
    return InceptionFeatures(_network(path), patches)


@cache
def _network(path: Path) -> Inception:
    network = Inception()
    try:
        network.load_state_dict(read_tensors(path))
    except RuntimeError as error:
        raise CheckpointError(f"{path} does not hold {FILE.name}: {error}") from None
    return network.requires_grad_(requires_grad=False).eval()
