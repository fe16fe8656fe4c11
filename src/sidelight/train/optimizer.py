"""Adam for vectors and small layers, Muon for the convolutions (docs/training-log.md).

Muon (Jordan et al. 2024) makes all singular directions of a weight's update equally long. On this
model it reaches in 400 steps the loss that Adam reaches in 3000.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn


class MatrixAndVectorOptimizer:
    """Steps torch's Muon on every wide convolution, seen as a matrix, and Adam on the rest."""

    def __init__(
        self, model: nn.Module, *, learning_rate: float, matrix_learning_rate: float
    ) -> None:
        wide = [p for p in model.parameters() if p.dim() == 4 and min(p.shape[:2]) > 12]
        taken = {id(p) for p in wide}
        self._convolutions = wide
        # torch's Muon takes matrices only: each shares its memory with its convolution
        self._matrices = [nn.Parameter(p.detach().view(len(p), -1)) for p in wide]
        self._adam = torch.optim.Adam(
            [p for p in model.parameters() if id(p) not in taken], lr=learning_rate, fused=True
        )
        self._muon = torch.optim.Muon(
            self._matrices,
            lr=matrix_learning_rate,
            weight_decay=0.0,
            adjust_lr_fn="match_rms_adamw",
        )
        self._peaks = learning_rate, matrix_learning_rate

    def set_share(self, share: float) -> None:
        """Sets both learning rates to a share of their peak."""
        for optimizer, peak in zip((self._adam, self._muon), self._peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = share * peak

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        for parameter in (*self._convolutions, *self._all(self._adam)):
            parameter.grad = None

    def step(self) -> None:
        """Updates every parameter from its gradient."""
        for convolution, matrix in zip(self._convolutions, self._matrices, strict=True):
            if convolution.grad is not None:
                matrix.grad = convolution.grad.reshape(matrix.shape)
        self._muon.step()
        self._adam.step()

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of both."""
        return {"adam": self._adam.state_dict(), "muon": self._muon.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where ``state`` was taken."""
        self._adam.load_state_dict(state["adam"])
        self._muon.load_state_dict(state["muon"])

    @staticmethod
    def _all(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
        for group in optimizer.param_groups:
            yield from group["params"]
