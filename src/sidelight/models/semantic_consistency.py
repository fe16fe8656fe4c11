"""TGIC's multimodal semantic-consistent loss, with a small network of its own (docs/tgic.md, T8).

Axes: b batch, d feature width, h and w picture height and width.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.nn.norm import ChannelNorm

_SHARPNESS = 10.0
"""What cosines are multiplied by before a softmax."""


class SemanticConsistency(nn.Module):
    """Says how badly a reconstruction fits its caption and its original, as a whole.

    It looks at pictures through a few convolutions that never see the text, and which learn from
    the real pictures of the same batches what captions say about pictures. Used in training only.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.AvgPool2d(4),
            nn.Conv2d(3, 32, 3, 2, 1),
            ChannelNorm(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1),
            ChannelNorm(64),
            nn.ReLU(),
            nn.Conv2d(64, width, 3, 2, 1),
        )

    def forward(
        self,
        x: Float[Tensor, "b 3 h w"],
        x_hat: Float[Tensor, "b 3 h w"],
        sentences: Float[Tensor, "b d"],
        told: Bool[Tensor, " b"],
    ) -> Float[Tensor, " b"]:
        """Returns an image-text term and an image-image term, added.

        Args:
            x: Real pictures in [0, 1].
            x_hat: Their reconstructions.
            sentences: Vectors of their captions.
            told: Which pictures have a caption; the others have no image-text term.
        """
        real, decoded = (self.look(picture).mean((2, 3)).float() for picture in (x, x_hat))
        with torch.autocast(x.device.type, enabled=False):
            image_text = contrast(real, sentences, told) + contrast(decoded, sentences, told)
            image_image = 1 - F.cosine_similarity(decoded, real.detach())
        return image_text + image_image


def contrast(
    pictures: Float[Tensor, "b d"], sentences: Float[Tensor, "b d"], told: Bool[Tensor, " b"]
) -> Float[Tensor, " b"]:
    """Returns in nats how hard a pair is to tell from the batch's others, zero without a caption.

    The mean of two cross-entropies: of the caption given the picture, and the other way round.
    """
    cosines = F.normalize(pictures) @ F.normalize(sentences.float()).T
    logits = _SHARPNESS * cosines
    own = torch.arange(len(logits), device=logits.device)
    of_caption = F.cross_entropy(logits.masked_fill(~told, -1e4), own, reduction="none")
    of_picture = F.cross_entropy(logits.T, own, reduction="none")
    return told * (of_caption + of_picture) / 2
