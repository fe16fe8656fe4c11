"""LPIPS with AlexNet, version 0.1 (Zhang et al. 2018), as a training loss and as a metric.

Axes: b batch, h and w picture height and width.
"""

from pathlib import Path
from typing import Self

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from sidelight.assets import find_asset
from sidelight.nn.alexnet import AlexNetFeatures

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

    def __init__(self, *, for_training: bool = False) -> None:
        super().__init__()
        self.features = AlexNetFeatures()
        widths = [conv.out_channels for conv in self.features.convs]
        self.weights = nn.ParameterList(torch.ones(width) for width in widths)
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None], persistent=False)
        self.for_training = for_training
        self.requires_grad_(requires_grad=False)

    @classmethod
    def load(cls, path: Path | None = None, *, for_training: bool = False) -> Self:
        """Reads the official weights.

        Args:
            path: A safetensors file; by default ``weights/lpips_alexnet_v0.1.safetensors`` under
                the folder named by ``SIDELIGHT_ASSETS``.
            for_training: Picks the form with finite gradients.

        Raises:
            CheckpointError: The file is not there.
        """
        state = load_file(path or find_asset(WEIGHTS))
        network = cls(for_training=for_training)
        with torch.no_grad():
            for k, (conv, layer) in enumerate(
                zip(network.features.convs, _TORCHVISION_CONVS, strict=True)
            ):
                conv.weight.copy_(state[f"features.{layer}.weight"])
                conv.bias.copy_(state[f"features.{layer}.bias"])
                network.weights[k].copy_(state[f"lin{k}.weight"])
        return network.eval()

    def forward(
        self, x: Float[Tensor, "b 3 h w"], x_hat: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, " b"]:
        """Returns one distance per picture; values in [0, 1] RGB."""
        both = (2 * torch.cat([x, x_hat]) - 1 - self.shift) / self.scale
        distance = x.new_zeros(len(x))
        for features, weight in zip(self.features(both), self.weights, strict=True):
            normalised = self._normalise(features.float())
            reference, reconstruction = normalised.chunk(2)
            squared = (reference - reconstruction).square()
            distance = distance + torch.einsum("bchw,c->bhw", squared, weight).mean((1, 2))
        return distance

    def _normalise(self, features: Tensor) -> Tensor:
        if self.for_training:
            return features * (features.square() + 1e-8).sum(1, keepdim=True).rsqrt()
        return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
