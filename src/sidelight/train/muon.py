"""Muon (Jordan et al. 2024): momentum whose singular values are made equal before each step.

torch's own computes the iteration in bfloat16 whatever the machine; where that is emulated, it
takes longer than the network. Axes: m rows, n columns of a matrix.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.nn.precision import computes_in_bf16
from sidelight.train import distributed

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic, chosen by its author for a steep rise at zero."""
_ITERATIONS = 5
_ADAMS_RMS = 0.2
"""Typical size of Adam's updates, which a learning rate then means here too."""


class Muon(torch.optim.Optimizer):
    """Steps matrices along orthogonalised momentum, as long as Adam's steps are."""

    def __init__(self, matrices: Iterable[Tensor], *, lr: float, momentum: float = 0.95) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Updates every matrix that has a gradient; ``closure`` is not used."""
        for group in self.param_groups:
            moving = [matrix for matrix in group["params"] if matrix.grad is not None]
            ahead = [self._look_ahead(matrix, group["momentum"]) for matrix in moving]
            directions = distributed.map_in_shares(orthogonalised, ahead)
            for matrix, direction in zip(moving, directions, strict=True):
                length = _ADAMS_RMS * math.sqrt(max(matrix.shape))
                matrix.add_(direction, alpha=-group["lr"] * length)

    def _look_ahead(self, matrix: Tensor, momentum: float) -> Tensor:
        """Takes the gradient into the momentum; returns where Nesterov's look ahead points."""
        assert matrix.grad is not None
        average = self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
        average.lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(average, momentum)


def orthogonalised(matrix: Float[Tensor, "m n"]) -> Float[Tensor, "m n"]:
    """Returns U V' of the matrix's singular value decomposition, roughly: values of 0.7 to 1.2."""
    precision = torch.bfloat16 if computes_in_bf16(matrix.device) else torch.float32
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).to(precision)
    x = x / x.norm().clamp_min(1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).to(matrix.dtype)
