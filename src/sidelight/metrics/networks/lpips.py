"""LPIPS, version 0.1 (Zhang et al. 2018), as a training loss and as a metric.

Axes: b batch, h and w picture height and width.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.errors import CheckpointError
from sidelight.metrics.networks.lpips_weights import NETWORKS, find_lpips_weights

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)


class LPIPS(nn.Module):
    """Distance between features, AlexNet's by default, weighted per channel; 0 if equal.

    In training the small constant sits inside the root of the feature norm, because the published
    form has infinite gradients where all features are zero (choice C27); as a metric it sits
    outside, as published.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, network: str = "alex", *, for_training: bool = False) -> None:
        super().__init__()
        self.features = NETWORKS[network].features()
        self.weights = nn.ParameterList(torch.ones(width) for width in NETWORKS[network].widths)
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None], persistent=False)
        self.for_training = for_training
        self.requires_grad_(requires_grad=False)

    @classmethod
    def load(
        cls, path: Path | None = None, network: str = "alex", *, for_training: bool = False
    ) -> "LPIPS":
        """Reads the official weights.

        Args:
            path: A safetensors file; by default what ``find_lpips_weights`` finds.
            network: A key of ``NETWORKS``: "alex", "vgg" or "squeeze".
            for_training: Picks the form with finite gradients.

        Raises:
            CheckpointError: There are none, or the file holds something else.
        """
        lpips = cls(network, for_training=for_training)
        try:
            lpips.load_state_dict(find_lpips_weights(path, network))
        except RuntimeError as error:
            raise CheckpointError(f"these are no LPIPS weights: {error}") from None
        return lpips.eval()

    def forward(
        self, x: Float[Tensor, "b 3 h w"], x_hat: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, " b"]:
        """Returns one distance per picture; values in [0, 1] RGB."""
        # each alone: the original needs no gradient, so its pass leaves no graph behind
        return self.compare(self.maps(x), self.maps(x_hat))

    def maps(self, x: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """Returns the features of pictures, for ``compare``."""
        return self.features(self._scaled(x))

    def compare(self, maps: list[Tensor], maps_hat: list[Tensor]) -> Float[Tensor, " b"]:
        """Returns one distance per picture from what ``maps`` gave."""
        distance = maps[0].new_zeros(len(maps[0]), dtype=torch.float32)
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
