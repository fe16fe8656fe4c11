"""Discriminator D: judges picture, condition and text together (paper section 3.2; choice C8).

The condition is what the decoder has of the picture: the latent, or a carrier's picture.
Axes: b batch, c its channels, d feature channels, h and w picture height and width, t text.
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from sidelight.models.config import ModelConfig

_SLOPE = 0.2
_PICTURE_CHANNELS = 3
_DETAIL_GAIN = 8.0
"""What a carrier leaves out is some 0.03 in size; D sees it as large as a picture."""


class Discriminator(nn.Module):
    """Returns a logit per patch; every layer is spectrally normalised.

    The features of a picture do not depend on the text, so the matched and the mismatched caption
    of one picture share them: ``features`` once, ``judge`` twice.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = config.discriminator
        condition_channels, self._condition_stride = config.condition
        self.harmonize = _conv(condition_channels, shape.harmonized_channels, 3, padding=1)
        channels = (_PICTURE_CHANNELS + shape.harmonized_channels, *shape.widths)
        strides = [2] * (len(shape.widths) - 1) + [shape.last_stride]
        self.convs = nn.ModuleList(
            _conv(fan_in, fan_out, 4, stride=stride)
            for (fan_in, fan_out), stride in zip(pairwise(channels), strides, strict=True)
        )
        text_channels = shape.text_channels or config.text_width
        self.project_text = (
            nn.Identity()
            if shape.text_channels is None
            else _normalised(nn.Linear(config.text_width, text_channels))
        )
        joined = shape.widths[-1] + text_channels
        self.joint = _conv(joined, shape.joint_channels, 3, padding=1)
        self.to_logit = _conv(shape.joint_channels, 1, 1)

    def features(
        self, x: Float[Tensor, "b 3 h w"], condition: Float[Tensor, "b c _ _"]
    ) -> Float[Tensor, "b d _ _"]:
        """Returns text-free features. ``condition`` gets no gradient (choice C8)."""
        condition = condition.detach()
        if self._condition_stride == 1:
            # D given the two pictures had not told one from the other after 600 steps; given what
            # one has beyond the carrier it does so after 30 (docs/training-log.md)
            condition = _DETAIL_GAIN * (x - condition)
        known = F.leaky_relu(self.harmonize(condition), _SLOPE)
        if self._condition_stride > 1:
            known = F.interpolate(known, scale_factor=self._condition_stride, mode="nearest")
        features = torch.cat([x, known], dim=1)
        for conv in self.convs:
            # TensorFlow's "same" for a 4x4 kernel: 1 before and, at stride 1, 2 after
            after = 2 if conv.stride == (1, 1) else 1
            features = F.leaky_relu(conv(F.pad(features, (1, after, 1, after))), _SLOPE)
        return features

    def judge(
        self, features: Float[Tensor, "b d h w"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b 1 h w"]:
        """Returns logits: above zero means a real picture that fits its text."""
        vector = self.project_text(text)[..., None, None]
        replicated = vector.expand(-1, -1, *features.shape[2:])
        joint = F.leaky_relu(self.joint(torch.cat([features, replicated], dim=1)), _SLOPE)
        return self.to_logit(joint).float()  # under autocast too: losses are averages of many

    def forward(
        self,
        x: Float[Tensor, "b 3 h w"],
        condition: Float[Tensor, "b c _ _"],
        text: Float[Tensor, "b t"],
    ) -> Float[Tensor, "b 1 _ _"]:
        """Returns the logits of one picture-text pairing."""
        return self.judge(self.features(x, condition), text)


def _conv(
    fan_in: int, fan_out: int, kernel: int, *, stride: int = 1, padding: int = 0
) -> nn.Module:
    return _normalised(nn.Conv2d(fan_in, fan_out, kernel, stride, padding))


def _normalised(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    nn.init.normal_(layer.weight, 0.0, 0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return spectral_norm(layer)
