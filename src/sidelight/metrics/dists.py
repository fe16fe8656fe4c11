"""DISTS, structure and texture of VGG-16's features (Ding et al. 2020).

Axes: b batch, h and w picture height and width.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.errors import CheckpointError
from sidelight.metrics.networks import vgg16
from sidelight.nn.published import PublishedFile

FILE = PublishedFile(
    "weights.pt",
    "https://github.com/dingkeyan93/DISTS/raw/master/DISTS_pytorch/weights.pt",
    "torchmetrics/functional/image/dists_models/weights.pt",
)
"""The weights of means (alpha) and covariances (beta)."""
_WIDTHS = (3, *vgg16.WIDTHS)
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_STABILISER = 1e-6


def l2_pool(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Halves maps by the root of the local mean square under a 3x3 Hann window (its eq. 2)."""
    line = x.new_tensor([0.25, 0.5, 0.25])
    window = (line[:, None] * line).expand(x.shape[1], 1, 3, 3)
    return (F.conv2d(x.square(), window, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()


class DISTS(nn.Module):
    """One minus the weighted similarity of means and of covariances; 0 for equal pictures."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features = vgg16.VGG16Features(pool=l2_pool)
        self.alpha = nn.Parameter(torch.ones(sum(_WIDTHS)))
        self.beta = nn.Parameter(torch.ones(sum(_WIDTHS)))
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(_STD)[:, None, None], persistent=False)
        self.requires_grad_(requires_grad=False)

    @classmethod
    def load(cls) -> "DISTS":
        """Reads torchvision's VGG-16 and the official alpha and beta.

        Raises:
            CheckpointError: A file is missing, or holds something else.
        """
        network = cls()
        weights = FILE.read()
        try:
            state = {f"features.{name}": value for name, value in vgg16.read_trunk().items()}
            network.load_state_dict(
                state | {name: weights[name].flatten() for name in ("alpha", "beta")}
            )
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(
                f"{vgg16.FILE.name} and {FILE.name} do not hold the weights of DISTS: {error}"
            ) from None
        return network.eval()

    def forward(
        self, x: Float[Tensor, "b 3 h w"], x_hat: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, " b"]:
        """Returns one distance per picture; values in [0, 1] RGB, compared at full size."""
        return self.compare(self.maps(x), self.maps(x_hat))

    def maps(self, x: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
        """Returns the pictures with their features, for ``compare``."""
        return [x, *self.features((x - self.mean) / self.std)]

    def compare(self, maps: list[Tensor], maps_hat: list[Tensor]) -> Float[Tensor, " b"]:
        """Returns one distance per picture from what ``maps`` gave."""
        total = self.alpha.sum() + self.beta.sum()
        weights = zip(self.alpha.split(_WIDTHS), self.beta.split(_WIDTHS), strict=True)
        similarity = maps[0].new_zeros(len(maps[0]))
        for features, features_hat, (alpha, beta) in zip(maps, maps_hat, weights, strict=True):
            mean, mean_hat = features.mean((2, 3)), features_hat.mean((2, 3))
            centred, centred_hat = (
                features - mean[..., None, None],
                features_hat - mean_hat[..., None, None],
            )
            texture = _similarity(mean * mean_hat, mean.square() + mean_hat.square())
            structure = _similarity(
                (centred * centred_hat).mean((2, 3)),
                centred.square().mean((2, 3)) + centred_hat.square().mean((2, 3)),
            )
            similarity = similarity + texture @ alpha + structure @ beta
        return 1 - similarity / total


def _similarity(product: Tensor, sum_of_squares: Tensor) -> Tensor:
    return (2 * product + _STABILISER) / (sum_of_squares + _STABILISER)
