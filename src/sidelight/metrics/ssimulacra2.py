"""SSIMULACRA2, version 2.1 (Sneyers, Cloudinary 2023): structure and edges at six scales in XYB.

Made to give what libjxl's own program gives, which few systems carry; constants and weights are
those of its source (tools/ssimulacra2.cc, BSD-3-Clause, the JPEG XL Project Authors).

Axes: c the channels X, Y and B, h and w height and width.
"""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch.nn import functional as F

from sidelight.errors import ImageError
from sidelight.metrics.pictures import check_sizes, to_batch
from sidelight.metrics.protocol import Sample

_SCALES = 6
_SMALLEST_PX = 8
_SIGMA = 1.5
_STABILISER = 0.0009
_ABSORBANCE = (
    (0.3, 0.622, 0.078),
    (0.23, 0.692, 0.078),
    (0.24342268924547819, 0.20476744424496821, 0.5518098665095536),
)
"""Of the three kinds of cones, for linear red, green and blue."""
_BIAS = 0.0037930732552754493
_CUBIC = (2.326765642916932, -0.020884521182843837, 6.248496625763138e-05)
_GAIN, _POWER = 0.9562382616834844, 0.6276336467831387


class Ssimulacra2:
    """100 for equal pictures; 70 is high quality, 30 low, and far below it goes under zero.

    libjxl blurs by a recursion in single precision, whose rounding takes up to 0.2 off where
    pictures are nearly equal; here the same window is applied as it is.
    """

    name = "ssimulacra2"
    label = "SSIMULACRA2"
    higher_is_better = True
    source = "Sneyers 2023, version 2.1, as in libjxl"

    @torch.inference_mode()
    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value.

        Raises:
            ImageError: The two pictures differ in size, or have a side of less than 8 px.
        """
        check_sizes(sample)
        height, width, _ = sample.original.shape
        if min(height, width) < _SMALLEST_PX:
            raise ImageError(
                f"SSIMULACRA2 needs sides of {_SMALLEST_PX} px or more, got {width}x{height} px"
            )
        return float(ssimulacra2(*(to_batch(image) / 255 for image in sample[:2])))


def ssimulacra2(
    x: Float[Tensor, "b 3 h w"], x_hat: Float[Tensor, "b 3 h w"], *, least: float = 0.0
) -> Float64[Tensor, " b"]:
    """Returns each picture's value, through which gradients pass.

    Args:
        x: Originals, sRGB in [0, 1], with sides of at least 8 px.
        x_hat: Decoded pictures, likewise.
        least: At most 0.001; added where the gradient of a root would have no end, at equal
            pictures; a picture's value is then a little too low.
    """
    first, second = _to_linear(x), _to_linear(x_hat)
    differences = [_differences(_to_xyb(first), _to_xyb(second), least)]
    # a scale is made of any that was large enough, however small it gets
    while len(differences) < _SCALES and min(first.shape[2:]) >= _SMALLEST_PX:
        first, second = (F.avg_pool2d(linear, 2, ceil_mode=True) for linear in (first, second))
        differences.append(_differences(_to_xyb(first), _to_xyb(second), least))
    found = torch.stack(differences, 2).double().flatten(1)
    # where scales lack, later channels move up to earlier weights: libjxl has it so
    return _score(found @ found.new_tensor(_WEIGHTS)[: found.shape[1]], least)


def _score(difference: Float64[Tensor, " b"], least: float) -> Float64[Tensor, " b"]:
    x = _GAIN * difference
    linear, square, cube = _CUBIC
    bent = x * (linear + x * (square + x * cube))
    return 100 - 10 * bent.clamp_min(least) ** _POWER


def _to_linear(x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    return torch.where(x <= 0.04045, x / 12.92, ((x.clamp_min(0) + 0.055) / 1.055) ** 2.4)


def _to_xyb(linear: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h w"]:
    """Returns JPEG XL's XYB, scaled and shifted to about 0 to 1, with B less Y in place of B."""
    mixed = torch.einsum("kc,ichw->ikhw", linear.new_tensor(_ABSORBANCE), linear) + _BIAS
    long, medium, short = (mixed ** (1 / 3) - _BIAS ** (1 / 3)).unbind(1)
    y = (long + medium) / 2
    return torch.stack([7 * (long - medium) + 0.42, y + 0.01, short - y + 0.55], 1)


def _differences(
    original: Float[Tensor, "b c h w"], decoded: Float[Tensor, "b c h w"], least: float
) -> Float[Tensor, "b c 2 3"]:
    """Returns by mean and 4-norm what structure lacks, what edges were added and what were lost.

    Structure is compared as in SSIM, but by moments of the error: nothing cancels, and equal
    pictures differ by exactly zero.
    """
    error = decoded - original
    powers = original.square() + decoded.square()
    mean, mean_error, power, power_of_error = _blur(
        torch.cat([original, error, powers, error.square()])
    ).chunk(4)
    mean_hat = mean + mean_error
    light = mean_error.square()
    variances = power - mean.square() - mean_hat.square() + _STABILISER
    structure = light + (1 - light) * (power_of_error - light) / variances
    edges = (1 + (decoded - mean_hat).abs()) / (1 + (original - mean).abs()) - 1
    maps = torch.stack([structure, edges, -edges], 2).clamp_min(0)
    fourth = (maps.pow(4).mean((3, 4)) + least**4).pow(0.25)
    return torch.stack([maps.mean((3, 4)), fourth], 2)


def _blur(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Returns it under the window; beyond the border there is nothing."""
    line = _WINDOW.to(x)
    if x.is_cuda:
        # convolutions of single channels leave a GPU idle, products of matrices do not; torch
        # multiplies these in float32 unless told otherwise, and TF32 would be too coarse:
        # variances are small differences of large numbers
        down, across = (_banded(line, side) for side in x.shape[2:])
        return down @ x @ across
    margin = len(line) // 2
    planes = x.flatten(0, 1)[:, None]
    planes = F.conv2d(planes, line[None, None, :, None], padding=(margin, 0))
    return F.conv2d(planes, line[None, None, None, :], padding=(0, margin)).view(x.shape)


def _banded(line: Float[Tensor, " n"], size: int) -> Float[Tensor, "size size"]:
    """Returns the symmetric matrix whose product applies a symmetric window to columns or rows."""
    margin = len(line) // 2
    places = torch.arange(size, device=line.device)
    apart = (places[:, None] - places).abs()
    reached = line[margin:][apart.clamp_max(margin)]
    return torch.where(apart <= margin, reached, torch.zeros_like(reached))


def window(sigma: float) -> Float64[np.ndarray, " n"]:
    """Returns a Gaussian made of three cosines that end at zero (Charalampidis 2016).

    Of the cosines' weights nearest to those of the Gaussian's own series, it takes those that
    keep its sum and its variance.
    """
    radius = round(3.2795 * sigma + 0.2546)
    places = np.arange(1 - radius, radius)
    frequencies = np.pi / (2 * radius) * np.array([1, 3, 5])
    waves = np.cos(frequencies[:, None] * places)
    weights = np.exp(-0.5 * (sigma * frequencies) ** 2) / radius
    moments = np.stack([waves.sum(1), waves @ places**2])
    lacking = np.array([1, sigma**2]) - moments @ weights
    return (weights + np.linalg.pinv(moments) @ lacking) @ waves


_WINDOW = torch.from_numpy(window(_SIGMA))


_WEIGHTS = (
    0.0, 0.0007376606707406586, 0.0,
    0.0, 0.0007793481682867309, 0.0,
    0.0, 0.0004371155730107379, 0.0,
    1.1041726426657346, 0.00066284834129271, 0.00015231632783718752,
    0.0, 0.0016406437456599754, 0.0,
    1.8422455520539298, 11.441172603757666, 0.0,
    0.0007989109436015163, 0.000176816438078653, 0.0,
    1.8787594979546387, 10.94906990605142, 0.0,
    0.0007289346991508072, 0.9677937080626833, 0.0,
    0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053,
    0.0004550992113792063, 0.0, 0.0,
    0.0013648766163243398, 0.0, 0.0,
    0.0, 0.0, 0.0,
    7.466890328078848, 0.0, 17.445833984131262,
    0.0006235601634041466, 0.0, 0.0,
    6.683678146179332, 0.00037724407979611296, 1.027889937768264,
    225.20515300849274, 0.0, 0.0,
    19.213238186143016, 0.0011401524586618361, 0.001237755635509985,
    176.39317598450694, 0.0, 0.0,
    24.43300999870476, 0.28520802612117757, 0.0004485436923833408,
    0.0, 0.0, 0.0,
    34.77906344483772, 44.835625328877896, 0.0,
    0.0, 0.0, 0.0,
    0.0, 0.0, 0.0,
    0.0, 0.0008680556573291698, 0.0,
    0.0, 0.0, 0.0,
    0.0, 0.0005313191874358747, 0.0,
    0.00016533814161379112, 0.0, 0.0,
    0.0, 0.0, 0.0,
    0.0004179171803251336, 0.0017290828234722833, 0.0,
    0.0020827005846636437, 0.0, 0.0,
    8.826982764996862, 23.19243343998926, 0.0,
    95.1080498811086, 0.9863978034400682, 0.9834382792465353,
    0.0012286405048278493, 171.2667255897307, 0.9807858872435379,
    0.0, 0.0, 0.0,
    0.0005130064588990679, 0.0, 0.00010854057858411537,
)  # fmt: skip
"""By channel, scale, norm (mean, then 4-norm) and kind of difference, the last varying fastest."""
