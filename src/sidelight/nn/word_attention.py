"""Picture features that attend to the words of a caption, position by position.

Nothing here looks beyond a position's neighbours, so a picture that is coded in tiles has no seams.
Axes: b batch, c channels, d word width, k words, h height, w width.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.nn.norm import ChannelNorm


class Words(NamedTuple):
    """A caption's words; each caption has at least one that is attended."""

    states: Float[Tensor, "b k d"]
    attended: Bool[Tensor, "b k"]
    """False for padding."""


class WordAttention(nn.Module):
    """Averages the words at each position, weighted by how well each fits the features there."""

    def __init__(self, channels: int, word_width: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.to_queries = nn.Conv2d(channels, word_width, 1)
        self.to_keys_values = nn.Linear(word_width, 2 * word_width)

    def forward(self, x: Float[Tensor, "b c h w"], words: Words) -> Float[Tensor, "b d h w"]:
        """Returns what the words say at each position."""
        queries = self.to_queries(self.norm(x)).flatten(2).transpose(1, 2)
        keys, values = self.to_keys_values(words.states).chunk(2, dim=2)
        context = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=words.attended[:, None]
        )
        return context.transpose(1, 2).unflatten(2, x.shape[2:])


class ImageTextAttention(nn.Module):
    """Adds what the words say to the features. A fresh one is the identity for every caption."""

    def __init__(self, channels: int, word_width: int) -> None:
        super().__init__()
        self.attention = WordAttention(channels, word_width)
        self.to_features = _zero_started(word_width, channels)

    def forward(self, x: Float[Tensor, "b c h w"], words: Words) -> Float[Tensor, "b c h w"]:
        """Returns features in the shape and range of ``x``."""
        return x + self.to_features(self.attention(x, words))


class ImageRequestComplement(nn.Module):
    """Adds what the words say where the features ask for it.

    A request in (0, 1) for each position is read off the features and what the words would say
    there. A fresh module is the identity for every caption.
    """

    def __init__(self, channels: int, word_width: int) -> None:
        super().__init__()
        self.attention = WordAttention(channels, word_width)
        self.to_request = nn.Conv2d(channels + word_width, 1, 3, padding=1)
        self.to_features = _zero_started(word_width, channels)

    def forward(self, x: Float[Tensor, "b c h w"], words: Words) -> Float[Tensor, "b c h w"]:
        """Returns features in the shape and range of ``x``."""
        context = self.attention(x, words)
        request = torch.sigmoid(self.to_request(torch.cat([x, context], dim=1)))
        return x + request * self.to_features(context)


def _zero_started(word_width: int, channels: int) -> nn.Conv2d:
    layer = nn.Conv2d(word_width, channels, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.get_parameter("bias"))
    return layer
