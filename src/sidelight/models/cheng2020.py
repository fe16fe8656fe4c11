"""Residual blocks with attention (Cheng et al., CVPR 2020, arXiv 2001.01568), with SSA or without.

Layers and widths are those of CompressAI's cheng2020-attn: one Gaussian per latent instead of the
published mixture of three. With ``ssa`` it is the paper's second text-conditional codec (section
4.5): an SSA block behind each of the decoder's four stages, the fourth before the picture's
sub-pixel convolution (choice C21). Axes: b batch, c channels, h and w height and width, t text.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.models.base import GeneratorOutput, HyperpriorCodec, hyper_entrance
from sidelight.models.config import Cheng2020Config
from sidelight.models.minnen2018 import context_model, joining_network
from sidelight.nn.gdn import GDN
from sidelight.nn.resampling import PointwiseHalving, subpixel
from sidelight.nn.ssa import SSABlock, run_stages


class Cheng2020(HyperpriorCodec):
    """``g_s`` is a sequence of stages; the SSA blocks stand between them."""

    g_s: nn.Sequential

    def __init__(self, config: Cheng2020Config) -> None:
        super().__init__(config)
        n = config.latent_channels
        self.g_a = nn.Sequential(
            *(_halving_block(3, n), _residual_block(n)),
            *(_halving_block(n, n), Attention(n), _residual_block(n)),
            *(_halving_block(n, n), _residual_block(n)),
            *(_conv(n, n, stride=2), Attention(n)),
        )
        self.g_s = nn.Sequential(
            nn.Sequential(Attention(n), _residual_block(n), _doubling_block(n)),
            nn.Sequential(_residual_block(n), _doubling_block(n)),
            nn.Sequential(Attention(n), _residual_block(n), _doubling_block(n)),
            _residual_block(n),
            _to_pixels(n),
        )
        self.h_a = _with_leaky_relus(
            *(_conv(n, n), _conv(n, n), _conv(n, n, stride=2), _conv(n, n)),
            _conv(n, n, stride=2),
        )
        wide = n * 3 // 2
        self.h_s = nn.Sequential(
            *hyper_entrance(config),
            *_with_leaky_relus(
                *(_conv(n, n), subpixel(n, n), _conv(n, wide), subpixel(wide, wide)),
                _conv(wide, 2 * n),
            ),
        )
        self.context = context_model(n)
        self.entropy_parameters = joining_network(n)
        self.ssa = nn.ModuleList(
            SSABlock(
                n,
                text_width=config.text_width,
                text_hidden=config.text_hidden,
                mask_channels=mask_channels,
            )
            for mask_channels in config.mask_channels
            if config.ssa
        )

    def with_masks(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> GeneratorOutput:
        """Returns the picture and where each SSA block let the text act."""
        return GeneratorOutput(*run_stages(self.g_s, self.ssa, y_hat, text))


class Residual(nn.Module):
    """``body(x) + skip(x)``."""

    def __init__(self, body: nn.Module, skip: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.skip = nn.Identity() if skip is None else skip

    def forward(self, x: Float[Tensor, "b c_in h_in w_in"]) -> Float[Tensor, "b c h w"]:
        """Returns the sum."""
        return self.body(x) + self.skip(x)


class Attention(nn.Module):
    """``x + a(x) * sigmoid(b(x))``: a mask from x itself gives busy regions more of the bits."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a = nn.Sequential(*(_bottleneck(channels) for _ in range(3)))
        self.b = nn.Sequential(
            *(_bottleneck(channels) for _ in range(3)), nn.Conv2d(channels, channels, 1)
        )

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Returns features in the shape of ``x``."""
        return x + self.a(x) * torch.sigmoid(self.b(x))


def _bottleneck(channels: int) -> nn.Sequential:
    half = channels // 2
    body = nn.Sequential(
        nn.Conv2d(channels, half, 1),
        nn.ReLU(),
        _conv(half, half),
        nn.ReLU(),
        nn.Conv2d(half, channels, 1),
    )
    return nn.Sequential(Residual(body), nn.ReLU())


def _residual_block(channels: int) -> Residual:
    layers = (_conv(channels, channels), nn.LeakyReLU(), _conv(channels, channels), nn.LeakyReLU())
    return Residual(nn.Sequential(*layers))


def _halving_block(fan_in: int, fan_out: int) -> Residual:
    body = nn.Sequential(
        _conv(fan_in, fan_out, stride=2), nn.LeakyReLU(), _conv(fan_out, fan_out), GDN(fan_out)
    )
    return Residual(body, PointwiseHalving(fan_in, fan_out))


def _doubling_block(channels: int) -> Residual:
    body = nn.Sequential(
        subpixel(channels, channels),
        nn.LeakyReLU(),
        _conv(channels, channels),
        GDN(channels, inverse=True),
    )
    return Residual(body, subpixel(channels, channels))


def _to_pixels(channels: int) -> nn.Sequential:
    layers = subpixel(channels, 3)
    nn.init.constant_(layers[0].get_parameter("bias"), 0.5)  # training starts from mid-gray
    return layers


def _conv(fan_in: int, fan_out: int, *, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(fan_in, fan_out, 3, stride, 1)


def _with_leaky_relus(first: nn.Module, *others: nn.Module) -> nn.Sequential:
    """Returns the layers in order with a LeakyReLU between any two."""
    layers = [first]
    for layer in others:
        layers += [nn.LeakyReLU(), layer]
    return nn.Sequential(*layers)
