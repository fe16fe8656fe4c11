"""The convolutions that learned codecs halve and double their resolution with."""

from torch import nn


def halving(fan_in: int, fan_out: int) -> nn.Conv2d:
    """Returns a 5x5 convolution of stride 2."""
    return nn.Conv2d(fan_in, fan_out, 5, 2, 2)


def doubling(fan_in: int, fan_out: int) -> nn.ConvTranspose2d:
    """Returns a transposed 5x5 convolution of stride 2."""
    return nn.ConvTranspose2d(fan_in, fan_out, 5, 2, 2, output_padding=1)


def subpixel(fan_in: int, fan_out: int) -> nn.Sequential:
    """Returns a 3x3 convolution to four times the channels, rearranged into 2x2 pixels."""
    return nn.Sequential(nn.Conv2d(fan_in, 4 * fan_out, 3, padding=1), nn.PixelShuffle(2))
