"""ChannelNorm normalises each pixel over its channels (HiFiC); batch norm over many processes.

Axes: b batch, c channels, h height, w width.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn
from torch.nn import functional as F


class ChannelNorm(nn.Module):
    """Normalises over c at each position, then scales and shifts by channel.

    Runs as ``layer_norm`` on the channels-last view, which costs a sixth to an eighth of the
    mean/variance form. The variance is the biased one (C instead of HiFiC's C - 1).
    """

    def __init__(self, channels: int, eps: float = 1e-3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Returns features with zero mean and unit variance over c, before scale and shift."""
        by_pixel = x.permute(0, 2, 3, 1)
        normalised = F.layer_norm(by_pixel, (x.shape[1],), self.weight, self.bias, self.eps)
        return normalised.permute(0, 3, 1, 2)


class _SumOverProcesses(torch.autograd.Function):
    """Adds a tensor up over all processes; so is its gradient, as each process's loss needs it.

    torch's own function for it is deprecated, and what is to follow has no gradient.
    """

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total


class SyncedBatchNorm(nn.BatchNorm2d):
    """Batch norm that in data-parallel training takes its statistics over all processes.

    torch's own does so on GPUs only. Every process must have as many values.
    """

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Returns features with zero mean and unit variance, before scale and shift."""
        if not (self.training and distributed.is_initialized()):
            return super().forward(x)
        processes = distributed.get_world_size()
        values = x.float()
        moments = torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))])
        mean, square = _SumOverProcesses.apply(moments) / processes
        variance = square - mean.square()
        self._remember(mean, variance, processes * x.numel() // x.shape[1])
        scale = (variance + self.eps).rsqrt()
        normalised = (values - mean[:, None, None]) * scale[:, None, None]
        if self.affine:
            normalised = normalised * self.weight[:, None, None] + self.bias[:, None, None]
        return normalised.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.momentum is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)
