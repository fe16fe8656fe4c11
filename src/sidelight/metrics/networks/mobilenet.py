"""MobileNet version 1 (Howard et al. 2017) as Keras lays it out, without its classifier.

Axes: b batch, h and w picture height and width.
"""

from jaxtyping import Float
from torch import Tensor, nn

OUT_WIDTH = 1024
_STEM_WIDTH = 32
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2),
           (OUT_WIDTH, 1))  # fmt: skip
"""Width after each pointwise convolution, and the stride of the depthwise one before it."""
_KERAS_EPS = 1e-3


class MobileNetFeatures(nn.Module):
    """Pooled features of full width (alpha 1); ``layers`` bears the names of Keras's layers."""

    def __init__(self) -> None:
        super().__init__()
        layers = nn.Sequential()
        _add_convolution(layers, "conv1", 3, _STEM_WIDTH, stride=2)
        width = _STEM_WIDTH
        for k, (out_width, stride) in enumerate(_BLOCKS, start=1):
            _add_convolution(layers, f"conv_dw_{k}", width, width, stride=stride, groups=width)
            _add_convolution(layers, f"conv_pw_{k}", width, out_width, kernel_size=1)
            width = out_width
        self.layers = layers

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1024"]:
        """Returns the means of the last maps; values in [-1, 1] RGB."""
        return self.layers(x).mean((2, 3))


def _add_convolution(
    layers: nn.Sequential,
    name: str,
    in_width: int,
    out_width: int,
    *,
    kernel_size: int = 3,
    stride: int = 1,
    groups: int = 1,
) -> None:
    if stride == 2:  # as TensorFlow pads even sizes: only below and to the right
        layers.add_module(f"{name}_pad", nn.ZeroPad2d((0, 1, 0, 1)))
    padding = kernel_size // 2 if stride == 1 else 0
    conv = nn.Conv2d(
        in_width, out_width, kernel_size, stride, padding=padding, groups=groups, bias=False
    )
    layers.add_module(name, conv)
    layers.add_module(f"{name}_bn", nn.BatchNorm2d(out_width, eps=_KERAS_EPS))
    layers.add_module(f"{name}_relu", nn.ReLU6())
