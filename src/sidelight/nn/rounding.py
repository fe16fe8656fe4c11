"""Quantisation and bounds with gradients that training can use (choice C26)."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def round_straight_through(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Returns ``floor(x + 1/2)``; the gradient passes as if nothing had happened."""
    return x + (torch.floor(x + 0.5) - x).detach()


def add_uniform_noise(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Returns ``x`` plus noise from U(-1/2, 1/2), the differentiable stand-in for rounding."""
    return x + torch.rand_like(x) - 0.5


class _LowerBound(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, bound: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.bound = bound
        return x.clamp_min(bound)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        passes = (x >= ctx.bound) | (gradient < 0)
        return gradient * passes, None


def lower_bound(x: Float[Tensor, "..."], bound: float) -> Float[Tensor, "..."]:
    """Returns ``max(x, bound)``; below it only gradients that raise ``x`` pass."""
    return _LowerBound.apply(x, bound)
