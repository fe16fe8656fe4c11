"""The convolutions that learned codecs halve and double their resolution with."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class PointwiseHalving(nn.Conv2d):
    """A 1x1 convolution of stride 2.

    The positions are picked first: in torch 2.13 the backward pass of the strided convolution from
    3 channels writes outside its memory where oneDNN runs it.
    """

    def __init__(self, fan_in: int, fan_out: int) -> None:
        super().__init__(fan_in, fan_out, 1)

    def forward(self, x: Float[Tensor, "b c_in h_in w_in"]) -> Float[Tensor, "b c h w"]:
        """Returns features of half the height and width."""
        return F.conv2d(x[:, :, ::2, ::2], self.weight, self.bias)


def halving(fan_in: int, fan_out: int) -> nn.Conv2d:
    """Returns a 5x5 convolution of stride 2."""
    return nn.Conv2d(fan_in, fan_out, 5, 2, 2)


def doubling(fan_in: int, fan_out: int) -> nn.ConvTranspose2d:
    """Returns a transposed 5x5 convolution of stride 2."""
    return nn.ConvTranspose2d(fan_in, fan_out, 5, 2, 2, output_padding=1)


def subpixel(fan_in: int, fan_out: int) -> nn.Sequential:
    """Returns a 3x3 convolution to four times the channels, rearranged into 2x2 pixels."""
    return nn.Sequential(nn.Conv2d(fan_in, 4 * fan_out, 3, padding=1), nn.PixelShuffle(2))
