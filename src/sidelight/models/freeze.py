"""Turns trained networks into the integers and tables that files are coded with.

Axes: s scales, c channels, i input channels, o output channels, k kernel.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from sidelight.bitstream.quality import NUM_QUALITY_STEPS, step_to_quality
from sidelight.entropy.context import ContextModel
from sidelight.entropy.latents import MEAN_BITS
from sidelight.entropy.model import EntropyModel, ScaleAndMean
from sidelight.entropy.network import FRACTION_BITS, LINEAR, RELU, ExactLayer, ExactStack
from sidelight.entropy.tables import SymbolTables, gaussian_tables, trim_tails
from sidelight.errors import CheckpointError
from sidelight.models import base
from sidelight.models.base import HyperpriorCodec
from sidelight.models.prior import MIN_SCALE, FactorizedPrior
from sidelight.nn.masked import MaskedConv2d

_WEIGHT_LIMIT = 2**15 - 1
_NUM_SCALES, _MAX_SCALE = 64, 128.0
_TABLE_REACH = 512


@torch.no_grad()
def freeze(model: HyperpriorCodec) -> EntropyModel:
    """Returns a model's entropy model as integers and tables.

    Raises:
        CheckpointError: A sum could leave the range in which float64 is exact.
    """
    thresholds, latent_tables = scale_tables()
    return EntropyModel(
        h_s=_exact_synthesis(model.h_s),
        thresholds=thresholds,
        latent_tables=latent_tables,
        hyper_tables=hyper_tables(model.prior),
        latent_channels=model.config.latent_channels,
        inverse_gains=None if model.hyper_gain is None else _inverse_gains(model),
        context=_exact_context(model),
        word_rows=None if model.word_rows is None else _in_units(model.word_rows.weight),
    )


def _exact_synthesis(h_s: nn.Module) -> ExactStack | ScaleAndMean:
    match h_s:
        case base.ScaleAndMean(scale=scale, mean=mean):
            return ScaleAndMean(
                exact_stack(scale), exact_stack(mean, output_fraction_bits=MEAN_BITS)
            )
        case nn.Sequential():
            return exact_stack(h_s)
        case _:
            raise TypeError(f"no integer form of {type(h_s).__name__}")


def _exact_context(model: HyperpriorCodec) -> ContextModel | None:
    if model.context is None or model.entropy_parameters is None:
        return None
    masked = exact_stack(nn.Sequential(model.context))
    return ContextModel(masked, exact_stack(model.entropy_parameters))


def _inverse_gains(model: HyperpriorCodec) -> np.ndarray:
    """Returns int32 (steps, n), in units of 2^-12."""
    positions = torch.tensor(
        [model.config.level_position(step_to_quality(step)) for step in range(NUM_QUALITY_STEPS)]
    )
    assert model.hyper_gain is not None
    return _in_units(model.hyper_gain.inverse(positions)[:, :, 0, 0])


def _in_units(values: Tensor) -> np.ndarray:
    """Returns int32 in units of 2^-12."""
    return torch.round(values.double() * 2**FRACTION_BITS).to(torch.int32).numpy()


def exact_stack(network: nn.Sequential, *, output_fraction_bits: int = FRACTION_BITS) -> ExactStack:
    """Returns a network of convolutions, (leaky) ReLUs and pixel shuffles as integers.

    Raises:
        TypeError: It has a layer of another kind.
    """
    groups = list(_convolution_groups(network))
    last = len(groups) - 1
    return ExactStack(
        [
            exact_layer(
                conv,
                output_fraction_bits=output_fraction_bits if k == last else FRACTION_BITS,
                negative_slope=_negative_slope(others),
                upscale=_upscale(others),
            )
            for k, (conv, others) in enumerate(groups)
        ]
    )


def exact_layer(
    conv: nn.Conv2d | nn.ConvTranspose2d,
    *,
    output_fraction_bits: int = FRACTION_BITS,
    negative_slope: int = RELU,
    upscale: int = 1,
) -> ExactLayer:
    """Returns a convolution with its weights rounded to 16 bits."""
    weight = conv.masked_weight if isinstance(conv, MaskedConv2d) else conv.weight
    weight = weight.detach().double()
    weight_bits = _spare_bits(weight.abs().max().item())
    scale = 2.0 ** (weight_bits + FRACTION_BITS)
    if conv.bias is None:
        raise ValueError("an exact layer is made from a convolution with a bias")
    return ExactLayer(
        weight=torch.round(weight * 2.0**weight_bits).to(torch.int16).numpy(),
        bias=torch.round(conv.bias.detach().double() * scale).to(torch.int64).numpy(),
        shift=weight_bits + FRACTION_BITS - output_fraction_bits,
        transposed=isinstance(conv, nn.ConvTranspose2d),
        negative_slope=negative_slope,
        upscale=upscale,
    )


def _convolution_groups(
    network: nn.Sequential,
) -> Iterator[tuple[nn.Conv2d | nn.ConvTranspose2d, list[nn.Module]]]:
    """Yields each convolution with the layers between it and the next."""
    layers = [m for m in network.modules() if not isinstance(m, nn.Sequential)]
    places = [k for k, m in enumerate(layers) if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    for place, following in pairwise([*places, len(layers)]):
        conv = layers[place]
        assert isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
        yield conv, layers[place + 1 : following]


def _negative_slope(layers: list[nn.Module]) -> int:
    slope = LINEAR
    for layer in layers:
        match layer:
            case nn.ReLU():
                slope = RELU
            case nn.LeakyReLU():
                slope = round(layer.negative_slope * LINEAR)
            case nn.PixelShuffle():
                pass  # it moves values about, before or after the activation
            case _:
                raise TypeError(f"no integer form of {type(layer).__name__}")
    return slope


def _upscale(layers: list[nn.Module]) -> int:
    return math.prod(m.upscale_factor for m in layers if isinstance(m, nn.PixelShuffle))


def _spare_bits(largest: float) -> int:
    """Returns the largest shift that keeps ``largest`` within 16 signed bits."""
    if not 0 < largest < 2**15:
        raise CheckpointError(f"largest weight is {largest}, expected between 0 and {2**15}")
    bits = 0
    while largest * 2 ** (bits + 1) <= _WEIGHT_LIMIT and bits < 24:
        bits += 1
    return bits


def scale_tables() -> tuple[np.ndarray, SymbolTables]:
    """Returns 64 tables of Gaussians and the largest scale of each, int32 in units of 2^-12."""
    largest = np.exp(np.linspace(math.log(MIN_SCALE), math.log(_MAX_SCALE), _NUM_SCALES))
    # a bin's table is built for its geometric middle; the first holds the smallest scale only
    typical = np.append(largest[:1], np.sqrt(largest[:-1] * largest[1:]))
    thresholds = np.floor(largest * 2**FRACTION_BITS).astype(np.int32)
    return thresholds, gaussian_tables(typical.tolist())


@torch.no_grad()
def hyper_tables(prior: FactorizedPrior) -> SymbolTables:
    """Returns a table for each channel of the hyper-latent."""
    values = torch.arange(-_TABLE_REACH, _TABLE_REACH + 1, dtype=torch.float64)
    channels = len(prior.matrices[0])
    grid = values.expand(channels, -1)[None, :, None, :]
    masses = prior.double()(grid)[0, :, 0].numpy()
    prior.float()
    trimmed = [trim_tails(mass, -_TABLE_REACH) for mass in masses]
    return SymbolTables.from_masses([mass for mass, _ in trimmed], [first for _, first in trimmed])
