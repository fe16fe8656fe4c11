"""Semantic-spatial aware (SSA) block: text modulates features where a mask lets it.

Paper section 3.2, equations (1) and (2), with the residual connection of its figure 5 (choice C5).
Axes: b batch, c channels, h height, w width, t text.
"""

from collections.abc import Iterable
from itertools import zip_longest
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.nn.norm import SyncedBatchNorm


class SSABlock(nn.Module):
    """Adds ``m * (gamma(text) * norm(x) + beta(text))`` to x; fits behind any decoder stage.

    The mask m in (0, 1) is predicted from x alone. The last layers of both MLPs start at zero, so
    a fresh block is the identity for every text. In eval mode the batch norms use their running
    statistics, so a picture decodes alike alone and in a batch.
    """

    def __init__(
        self, channels: int, *, text_width: int, text_hidden: int, mask_channels: int
    ) -> None:
        super().__init__()
        self.mask = nn.Sequential(
            nn.Conv2d(channels, mask_channels, 3, padding=1),
            SyncedBatchNorm(mask_channels),
            nn.ReLU(),
            nn.Conv2d(mask_channels, 1, 1),
        )
        self.norm = SyncedBatchNorm(channels, affine=False)
        self.to_gamma = _zero_started_mlp(text_width, text_hidden, channels)
        self.to_beta = _zero_started_mlp(text_width, text_hidden, channels)

    def forward(
        self, x: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b c h w"]:
        """Returns features in the shape and range of ``x``."""
        return self.modulate(x, text, self.predict_mask(x))

    def predict_mask(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 h w"]:
        """Returns how much text each position takes, in (0, 1)."""
        return torch.sigmoid(self.mask(x))

    def modulate(
        self,
        x: Float[Tensor, "b c h w"],
        text: Float[Tensor, "b t"],
        mask: Float[Tensor, "b 1 h w"],
    ) -> Float[Tensor, "b c h w"]:
        """Returns ``x`` with the affine change of ``text`` added, weighted by ``mask``."""
        gamma = self.to_gamma(text)[..., None, None]
        beta = self.to_beta(text)[..., None, None]
        return torch.addcmul(x, mask, torch.addcmul(beta, gamma, self.norm(x)))

    @torch.no_grad()
    def fade_text(self, share: float) -> None:
        """Leaves ``share`` of what any text changes against none; without text nothing changes."""
        for mlp in (self.to_gamma, self.to_beta):
            first, last = cast(nn.Linear, mlp[0]), cast(nn.Linear, mlp[-1])
            without_text = last.weight @ torch.relu(first.bias)
            last.bias.add_((1 - share) * without_text)
            last.weight.mul_(share)


def run_stages(
    stages: Iterable[nn.Module],
    blocks: Iterable[nn.Module],
    x: Float[Tensor, "b c_in h_in w_in"],
    text: Float[Tensor, "b t"],
) -> tuple[Float[Tensor, "b c h w"], list[Tensor]]:
    """Runs decoder stages with an SSA block behind each of the first, as many as there are.

    Returns:
        Features of the last stage, and the mask of each block.
    """
    masks = []
    for stage, ssa in zip_longest(stages, cast(Iterable[SSABlock], blocks)):
        x = stage(x)
        if ssa is not None:
            masks.append(ssa.predict_mask(x))
            x = ssa.modulate(x, text, masks[-1])
    return x, masks


def _zero_started_mlp(in_width: int, hidden: int, out_width: int) -> nn.Sequential:
    last = nn.Linear(hidden, out_width)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(in_width, hidden), nn.ReLU(), last)
