"""A convolution that reads only what is decoded before (van den Oord et al. 2016, mask type A).

Axes: b batch, c channels, h height, w width.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class MaskedConv2d(nn.Conv2d):
    """Reads the positions before its own in raster order: the rows above, and to the left."""

    mask: Tensor

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__(in_channels, out_channels, kernel, padding=kernel // 2)
        seen = torch.arange(kernel**2).reshape(kernel, kernel) < kernel**2 // 2
        self.register_buffer("mask", seen.float(), persistent=False)

    @property
    def masked_weight(self) -> Float[Tensor, "c_out c_in k k"]:
        """The weight with zeros at this and all later positions."""
        return self.weight * self.mask

    def forward(self, x: Float[Tensor, "b c_in h w"]) -> Float[Tensor, "b c_out h w"]:
        """Returns features of the size of ``x``."""
        return F.conv2d(x, self.masked_weight, self.bias, padding=self.padding)
