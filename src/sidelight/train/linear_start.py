"""Starts the linear paths from the principal components of 16x16 blocks (docs/training-log.md).

Axes: c latent channels, d values of a block.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.bitstream.quality import LATENT_STRIDE
from sidelight.models.base import HyperpriorCodec
from sidelight.models.hific import HiFiC
from sidelight.nn.linear_path import BLOCK_VALUES
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage

_NUM_BLOCKS = 20_000
_NETWORK_SHARE = 0.1
_GAIN = 2.0
"""Orthonormal components of pixels in [0, 1] want finer steps than a network's latents."""


class BlockComponents(NamedTuple):
    """An orthonormal basis of blocks, strongest first, and what it is centred on."""

    basis: Float[Tensor, "c d"]
    mean: Float[Tensor, " d"]


def principal_components(
    pictures: Sequence[CaptionedImage | CaptionedFile], count: int, *, seed: int
) -> BlockComponents:
    """Returns the ``count`` directions in which random blocks of the pictures vary most."""
    random = np.random.default_rng(seed)
    blocks = np.empty((_NUM_BLOCKS, BLOCK_VALUES))
    for row in blocks:
        image = pictures[int(random.integers(len(pictures)))].image
        top, left = (random.integers(side - LATENT_STRIDE + 1) for side in image.shape[:2])
        block = image[top : top + LATENT_STRIDE, left : left + LATENT_STRIDE]
        row[:] = block.transpose(2, 0, 1).reshape(-1) / 255
    mean = blocks.mean(0)
    _, vectors = np.linalg.eigh(np.cov(blocks - mean, rowvar=False))
    basis = np.ascontiguousarray(vectors[:, ::-1][:, :count].T)
    return BlockComponents(torch.from_numpy(basis).float(), torch.from_numpy(mean).float())


@torch.no_grad()
def start_linear_paths(model: HyperpriorCodec, components: BlockComponents) -> None:
    """Makes E and G nearly the projection on the components, with little of their networks."""
    if not isinstance(model, HiFiC) or model.g_a.linear is None or model.g_s.linear is None:
        raise TypeError("the model has no linear paths: set linear_paths in its config")
    basis, mean = components
    _set(model.g_a.linear.project, basis, -(basis @ mean))
    _set(model.g_s.linear.project, basis.T, mean)
    for last in (model.g_a.network[-1], model.g_s.to_pixels[0]):
        last.get_parameter("weight").mul_(_NETWORK_SHARE)
        last.get_parameter("bias").zero_()
    assert model.latent_gain is not None
    model.latent_gain.log_gain.add_(math.log(_GAIN))
    model.latent_gain.log_inverse.sub_(math.log(_GAIN))


def _set(conv: nn.Conv2d, matrix: Tensor, bias: Tensor) -> None:
    conv.weight.zero_()
    conv.weight[:, :, conv.kernel_size[0] // 2, conv.kernel_size[1] // 2] = matrix
    conv.get_parameter("bias").copy_(bias)
