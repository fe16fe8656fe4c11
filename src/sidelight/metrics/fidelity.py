"""How far the pixels are from the original's: PSNR and MS-SSIM, on 8-bit RGB."""

import importlib.util
import math

import torch
from torch.nn import functional as F

from sidelight.errors import ConfigError, ImageError
from sidelight.metrics.pictures import check_sizes, to_batch
from sidelight.metrics.protocol import Sample

_PEAK = 255.0
_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_MARGIN_PX = 5
"""Half a window of 11."""
_TOO_SHORT_PX = 160
"""Halved four times, it is shorter than a window."""


class Psnr:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures, and so is a mean with one."""

    name = "psnr"
    label = "PSNR (RGB, dB)"
    higher_is_better = True
    source = "10 log10(255^2 / MSE), one MSE over the pixels of all three channels"

    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value.

        Raises:
            ImageError: The two pictures differ in size.
        """
        check_sizes(sample)
        difference = sample.original.astype(float) - sample.decoded
        mse = float((difference * difference).mean())
        return math.inf if mse == 0 else 10 * math.log10(_PEAK**2 / mse)


class MsSsim:
    """Structural similarity over five scales, in [0, 1]; 1 for equal pictures.

    As in TensorFlow's ``ssim_multiscale`` and pytorch-msssim, each channel is compared on its own
    and the three are averaged, and only windows that lie inside the picture count. torchmetrics's
    own five-scale function has padded windows in its last scale, which moves Kodak pictures by up
    to 0.0005; so only its single-scale function is used.
    """

    name = "ms_ssim"
    label = "MS-SSIM (RGB)"
    higher_is_better = True
    source = "Wang, Simoncelli and Bovik 2003"

    def __init__(self) -> None:
        if importlib.util.find_spec("torchmetrics") is None:
            raise ConfigError("MS-SSIM needs torchmetrics: pip install 'sidelight[evaluate]'")

    @torch.inference_mode()
    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value.

        Raises:
            ImageError: The two pictures differ in size, or have no fifth scale.
        """
        from torchmetrics.functional.image import structural_similarity_index_measure as ssim

        check_sizes(sample)
        height, width, _ = sample.original.shape
        if min(height, width) <= _TOO_SHORT_PX:
            raise ImageError(
                f"MS-SSIM needs sides of more than {_TOO_SHORT_PX} px, got {width}x{height} px"
            )
        x, x_hat = (  # channels as a batch: each has its own product of similarities
            to_batch(image).transpose(0, 1) for image in (sample.original, sample.decoded)
        )
        product = x.new_ones(3)
        for exponent in _EXPONENTS[:-1]:
            _, contrast = ssim(x_hat, x, data_range=_PEAK, return_contrast_sensitivity=True)
            product *= contrast.relu() ** exponent
            x, x_hat = (F.avg_pool2d(planes, 2, ceil_mode=True) for planes in (x, x_hat))
        _, similarity = ssim(x_hat, x, data_range=_PEAK, return_full_image=True)
        inside = similarity[..., _MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX]
        product *= inside.mean((1, 2, 3)).relu() ** _EXPONENTS[-1]
        return float(product.mean())
