"""LPIPS with AlexNet, version 0.1 (Zhang et al. 2018), as a training loss and as a metric.

Axes: b batch, h and w picture height and width.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from sidelight.assets import find_asset
from sidelight.errors import CheckpointError
from sidelight.nn.alexnet import WIDTHS, AlexNetFeatures

WEIGHTS = "weights/lpips_alexnet_v0.1.safetensors"
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_TORCHVISION_CONVS = (0, 3, 6, 8, 10)


class LPIPS(nn.Module):
    """Distance between AlexNet features, weighted per channel; 0 for equal pictures.

    In training the small constant sits inside the root of the feature norm, because the published
    form has infinite gradients where all features are zero (spec section 8); as a metric it sits
    outside, as published.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, *, for_training: bool = False) -> None:
        super().__init__()
        self.features = AlexNetFeatures()
        self.weights = nn.ParameterList(torch.ones(width) for width in WIDTHS)
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None], persistent=False)
        self.for_training = for_training
        self.requires_grad_(requires_grad=False)

    @classmethod
    def load(cls, path: Path | None = None, *, for_training: bool = False) -> "LPIPS":
        """Reads the official weights.

        Args:
            path: A safetensors file; by default ``weights/lpips_alexnet_v0.1.safetensors`` under
                the folder named by ``SIDELIGHT_ASSETS``.
            for_training: Picks the form with finite gradients.

        Raises:
            CheckpointError: The file is not there, or holds something else.
        """
        path = path or find_asset(WEIGHTS)
        network = cls(for_training=for_training)
        try:
            state = load_file(path)
            named = {f"weights.{k}": state[f"lin{k}.weight"] for k in range(len(WIDTHS))}
            for k, layer in enumerate(_TORCHVISION_CONVS):
                for kind in ("weight", "bias"):
                    named[f"features.convs.{k}.{kind}"] = state[f"features.{layer}.{kind}"]
            network.load_state_dict(named)
        except (OSError, SafetensorError, KeyError, RuntimeError) as error:
            raise CheckpointError(f"{path} does not hold LPIPS weights: {error}") from None
        return network.eval()

    def forward(
        self, x: Float[Tensor, "b 3 h w"], x_hat: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, " b"]:
        """Returns one distance per picture; values in [0, 1] RGB."""
        distance = x.new_zeros(len(x))
        # each alone: the original needs no gradient, so its pass leaves no graph behind
        maps, maps_hat = (self.features(self._scaled(image)) for image in (x, x_hat))
        for features, features_hat, weight in zip(maps, maps_hat, self.weights, strict=True):
            difference = self._normalise(features.float()) - self._normalise(features_hat.float())
            # a product and a sum stay in float32 under autocast, which einsum would not
            weighted = difference.square() * weight[:, None, None]
            distance = distance + weighted.sum(1).mean((1, 2))
        return distance

    def _scaled(self, image: Tensor) -> Tensor:
        return (2 * image - 1 - self.shift) / self.scale

    def _normalise(self, features: Tensor) -> Tensor:
        if self.for_training:
            return features * (features.square() + 1e-8).sum(1, keepdim=True).rsqrt()
        return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
