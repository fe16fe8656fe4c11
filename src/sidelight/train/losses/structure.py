"""Structural dissimilarity over scales, as a training loss: it sees what LPIPS steps over.

SSIM (Wang et al. 2004) in luma and chroma, in box windows at four scales. LPIPS on AlexNet begins
with a stride of 4 and hardly counts a lattice of that period on a smooth area; here such an area
has next to no variance of its own, so that any texture on it costs much.
Axes: b batch, h and w picture height and width.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

_TO_YCBCR = ((0.299, 0.587, 0.114), (-0.169, -0.331, 0.5), (0.5, -0.419, -0.081))
"""BT.601, as JPEG has it; chroma is left centred on zero."""
_SHARES = (0.8, 0.1, 0.1)
_WINDOW = 5
_NUM_SCALES = 4
_C1, _C2 = 0.01**2, 0.03**2


def structural_dissimilarity(
    x: Float[Tensor, "b 3 h w"], x_hat: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, " b"]:
    """Returns ``1 - SSIM``, its mean over scales, per picture; 0 if equal.

    Args:
        x: Originals, RGB in [0, 1], at least 40 px a side.
        x_hat: Reconstructions.
    """
    # variances are small differences of large numbers, for which bfloat16 is too coarse
    with torch.autocast(x.device.type, enabled=False):
        to_ycbcr = x.new_tensor(_TO_YCBCR)[..., None, None]
        shares = x.new_tensor(_SHARES)
        # plane by plane: pooling three channels-last ones takes twice the time
        first = F.conv2d(x, to_ycbcr).contiguous()
        second = F.conv2d(x_hat.float(), to_ycbcr).contiguous()
        total = x.new_zeros(len(x))
        for scale in range(_NUM_SCALES):
            if scale > 0:
                first, second = F.avg_pool2d(first, 2), F.avg_pool2d(second, 2)
            total = total + ((1 - _similarity(first, second)) * shares).sum(1)
    return total / _NUM_SCALES


def _similarity(
    first: Float[Tensor, "b 3 h w"], second: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, "b 3"]:
    mean, mean_hat = _blur(first), _blur(second)
    variance = _blur(first.square()) - mean.square()
    variance_hat = _blur(second.square()) - mean_hat.square()
    covariance = _blur(first * second) - mean * mean_hat
    luminance = (2 * mean * mean_hat + _C1) / (mean.square() + mean_hat.square() + _C1)
    contrast = (2 * covariance + _C2) / (variance + variance_hat + _C2)
    return (luminance * contrast).mean((2, 3))


def _blur(planes: Tensor) -> Tensor:
    return F.avg_pool2d(planes, _WINDOW, 1)
