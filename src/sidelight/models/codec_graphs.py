"""The transforms of a codec as graphs. Axes: b batch, c latent channels, h height, w width."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from sidelight.bitstream.quality import HYPER_STRIDE, LATENT_STRIDE, NUM_QUALITY_STEPS
from sidelight.models.exported import ExportedCodec
from sidelight.models.gain import QualityGain
from sidelight.nn.graphs import Input, side, write_graph
from sidelight.runtime.cards import CodecCard


class _Transform(nn.Module):
    def __init__(self, codec: ExportedCodec) -> None:
        super().__init__()
        self.codec = codec


class _Analysis(_Transform):
    def forward(self, pixels: Tensor) -> Tensor:
        """Returns y (b, c, h/16, w/16) of uint8 (b, 3, h, w)."""
        x = pixels.float() / 255
        return self.codec.model.analyse(x, x.new_zeros(x.shape[0], self.codec.config.text_width))


class _HyperAnalysis(_Transform):
    def forward(self, y: Tensor) -> Tensor:
        """Returns z before its gain."""
        return self.codec.model.h_a(y)


class _Synthesis(_Transform):
    def forward(self, y_hat: Tensor, text: Tensor) -> tuple[Tensor, ...]:
        """Returns uint8 (b, 3, 16 h, 16 w), then the masks."""
        x_hat, masks = self.codec.model.with_masks(y_hat, text)
        return ((x_hat * 255).round().clamp(0, 255).to(torch.uint8), *masks)


def codec_graphs(
    codec: ExportedCodec, called: Mapping[str, str]
) -> tuple[CodecCard, dict[str, np.ndarray]]:
    """Returns what a codec whose encoder reads no text adds to its file, to run without torch.

    Args:
        codec: Exported.
        called: The name in that file of each of its weights.
    """
    config = codec.config
    latent = _latent(config.latent_channels)
    text = Input(torch.zeros(2, config.text_width), {0: side("b", 1)})
    with torch.inference_mode():
        num_masks = len(codec.model.with_masks(latent.example, text.example).masks)
    written = {
        "g_a": (_Analysis(codec), {"pixels": _picture()}, ["y"]),
        "h_a": (_HyperAnalysis(codec), {"y": latent}, ["z"]),
        "g_s": (
            _Synthesis(codec),
            {"y_hat": latent, "text": text},
            ["image", *(f"mask{k}" for k in range(num_masks))],
        ),
    }
    graphs = {
        name: write_graph(*parts, inside="codec", called=called) for name, parts in written.items()
    }
    halos = codec.model.halos or ()
    card = CodecCard(halos=tuple(halos), **{name: g.weights for name, g in graphs.items()})
    return card, {name: g.tensor() for name, g in graphs.items()} | _gains(codec)


def _picture() -> Input:
    example = torch.zeros(2, 3, 2 * HYPER_STRIDE, 3 * HYPER_STRIDE, dtype=torch.uint8)
    return Input(example, {0: side("b", 1), 2: side("h", HYPER_STRIDE), 3: side("w", HYPER_STRIDE)})


def _latent(channels: int) -> Input:
    multiple = HYPER_STRIDE // LATENT_STRIDE
    axes = {0: side("b", 1), 2: side("h", multiple), 3: side("w", multiple)}
    return Input(torch.zeros(2, channels, 2 * multiple, 3 * multiple), axes)


def _gains(codec: ExportedCodec) -> dict[str, np.ndarray]:
    steps = range(NUM_QUALITY_STEPS)
    model = codec.model
    if model.latent_gain is None or model.hyper_gain is None:
        return {}
    found = {
        "latent_gain": codec.gains(model.latent_gain, QualityGain.gain, steps),
        "latent_inverse": codec.gains(model.latent_gain, QualityGain.inverse, steps),
        "hyper_gain": codec.gains(model.hyper_gain, QualityGain.gain, steps),
    }
    return {name: factors[:, :, 0, 0].copy() for name, factors in found.items()}
