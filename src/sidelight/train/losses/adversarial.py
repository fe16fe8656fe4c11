"""The text-conditional adversarial losses (paper eq. 4 and 6; choices C3, C10, C11).

Axes: b batch, c latent channels, h and w picture size, t text.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from sidelight.models.discriminator import Discriminator


class DiscriminatorLoss(NamedTuple):
    """The total that D minimises and its three terms."""

    total: Float[Tensor, ""]
    real: Float[Tensor, ""]
    """Real pictures with their own text, to be called real."""
    fake: Float[Tensor, ""]
    """Reconstructions with the same text, to be called fake."""
    mismatched: Float[Tensor, ""]
    """Real pictures with another picture's text, to be called fake; zero where left out."""


def discriminator_loss(
    discriminator: Discriminator,
    x: Float[Tensor, "b 3 h w"],
    x_hat: Float[Tensor, "b 3 h w"],
    condition: Float[Tensor, "b c _ _"],
    text: Float[Tensor, "b t"],
    other_text: Float[Tensor, "b t"],
    realism: Float[Tensor, " b"] | None = None,
) -> DiscriminatorLoss:
    """Returns the cross-entropy of D's three judgements, each of weight one.

    Where a picture has no text (zeros) the third judgement is left out: it would ask of the very
    input of the first the opposite answer (choice C11).

    Args:
        discriminator: D.
        x: Real pictures in [0, 1].
        x_hat: Their reconstructions; no gradient reaches them.
        condition: Their quantised latents, or whatever else D reads beside the picture.
        text: Their captions' vectors.
        other_text: Vectors of captions of other pictures, as ``mismatched_rows`` picks them.
        realism: How much each reconstruction counts, from 0 to 1; None counts all fully.
    """
    features = discriminator.features(x, condition)
    real = F.softplus(-discriminator.judge(features, text)).mean()
    fakes = F.softplus(discriminator(x_hat.detach(), condition, text)).mean((1, 2, 3))
    fake = (fakes if realism is None else realism * fakes).mean()
    told = text.any(1) & other_text.any(1)
    mismatched = torch.zeros_like(real)
    if told.any():
        judged = discriminator.judge(features[told], other_text[told])
        mismatched = F.softplus(judged).mean() * told.float().mean()
    return DiscriminatorLoss(real + fake + mismatched, real, fake, mismatched)


def generator_loss(
    discriminator: Discriminator,
    x_hat: Float[Tensor, "b 3 h w"],
    condition: Float[Tensor, "b c _ _"],
    text: Float[Tensor, "b t"],
) -> Float[Tensor, " b"]:
    """Returns, per picture, how far D is from calling the reconstruction real (choice C3)."""
    return F.softplus(-discriminator(x_hat, condition, text)).mean((1, 2, 3))


def mismatched_rows(picture_ids: Int[Tensor, " b"]) -> Int[Tensor, " b"]:
    """Returns for each row of a batch another row, the next that shows another picture.

    Raises:
        ValueError: All rows show one picture.
    """
    count = len(picture_ids)
    if count < 2 or (picture_ids == picture_ids[0]).all():
        raise ValueError("a batch needs two different pictures for mismatched captions")
    rows = torch.arange(count)
    others = (rows + 1) % count
    while (same := picture_ids[others] == picture_ids).any():
        others = torch.where(same, (others + 1) % count, others)
    return others
