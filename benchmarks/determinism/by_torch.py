"""The integer networks by torch's convolutions, to hold numpy's against.

Another library, another way to lay out a convolution: that both come to the same integers is the
point of docs/determinism.md. Axes: b batch, i input channels, o output channels, h and w size.
"""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from sidelight.codec.codec import Codec
from sidelight.entropy.latent_coder import LatentCoder
from sidelight.entropy.model import EntropyModel, ScaleAndMean
from sidelight.entropy.network import ACTIVATION_LIMIT, LINEAR, RELU, ExactLayer, ExactStack


class TorchStack(ExactStack):
    """The same layers, in torch's layout."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Returns float64 (b, o, h, w) of (b, i, h, w)."""
        values = torch.from_numpy(np.clip(x, -ACTIVATION_LIMIT, ACTIVATION_LIMIT))
        for layer in self.layers:
            values = run_layer(layer, values)
        return values.numpy()


@torch.inference_mode()
def run_layer(layer: ExactLayer, x: torch.Tensor, *, padded: bool = True) -> torch.Tensor:
    """Returns float64 (b, o, h, w) of (b, i, h, w)."""
    weight, bias = (torch.from_numpy(part).double() for part in (layer.weight, layer.bias))
    pad = weight.shape[-1] // 2 if padded else 0
    if layer.transposed:
        sums = F.conv_transpose2d(x, weight, bias, stride=2, padding=pad, output_padding=1)
    else:
        sums = F.conv2d(x, weight, bias, padding=pad)
    values = torch.floor(sums * 2.0**-layer.shift + 0.5)
    values.clamp_(0 if layer.negative_slope == RELU else -ACTIVATION_LIMIT, ACTIVATION_LIMIT)
    if layer.negative_slope not in (RELU, LINEAR):
        bent = torch.floor(values * (layer.negative_slope / LINEAR) + 0.5)
        values = torch.where(values < 0, bent, values)
    return F.pixel_shuffle(values, layer.upscale)


class TorchLayer(ExactLayer):
    """One layer in the layout of ``ExactLayer``, as a context calls it."""

    def __call__(self, x: np.ndarray, *, padded: bool = True) -> np.ndarray:
        """Returns float64 (b, h, w, o) of (b, h, w, i)."""
        values = run_layer(self, torch.from_numpy(x).permute(0, 3, 1, 2), padded=padded)
        return values.permute(0, 2, 3, 1).numpy()


def model_by_torch(model: EntropyModel) -> EntropyModel:
    """Returns the same model, whose networks torch runs."""
    if isinstance(model.h_s, ScaleAndMean):
        h_s: Any = ScaleAndMean(
            TorchStack(model.h_s.scale_stack.layers), TorchStack(model.h_s.mean_stack.layers)
        )
    else:
        h_s = TorchStack(model.h_s.layers)
    context = model.context
    if context is not None:
        (layer,) = context.masked.layers
        parts = layer.weight, layer.bias, layer.shift, False, layer.negative_slope
        context = replace(
            context,
            masked=ExactStack([TorchLayer(*parts)]),
            entropy_parameters=TorchStack(context.entropy_parameters.layers),
        )
    return replace(model, h_s=h_s, context=context)


def codec_by_torch(codec: Codec) -> Codec:
    """Returns the same codec, whose integers torch computes."""
    other = copy.copy(codec)
    other.coder = LatentCoder(model_by_torch(codec.model.frozen))
    return other
