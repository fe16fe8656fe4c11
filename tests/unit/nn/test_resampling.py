import torch
from torch.nn import functional as F

from sidelight.nn.resampling import PointwiseHalving


def test_picking_positions_first_is_the_strided_convolution():
    torch.manual_seed(0)
    layer = PointwiseHalving(3, 8)
    x = torch.randn(2, 3, 6, 10)
    expected = F.conv2d(x, layer.weight, layer.bias, stride=2)
    torch.testing.assert_close(layer(x), expected)
