"""Adam for vectors and small layers, Muon for the convolutions (docs/training-log.md).

Muon makes all singular directions of a weight's update equally long. On the first model here it
reached in 400 steps the loss that Adam reached in 3000.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from sidelight.train.muon import Muon


class MatrixAndVectorOptimizer:
    """Steps Muon on every wide convolution, seen as a matrix, and Adam on the rest.

    With a ``matrix_learning_rate`` of 0 Adam has all of it, as in the paper.
    """

    def __init__(
        self, model: nn.Module, *, learning_rate: float, matrix_learning_rate: float
    ) -> None:
        wide = [p for p in model.parameters() if p.dim() == 4 and min(p.shape[:2]) > 12]
        if matrix_learning_rate == 0:
            wide = []
        taken = {id(p) for p in wide}
        self._convolutions = wide
        # Muon takes matrices only: each shares its memory with its convolution
        self._matrices = [nn.Parameter(p.detach().view(len(p), -1)) for p in wide]
        adam = torch.optim.Adam(
            [p for p in model.parameters() if id(p) not in taken], lr=learning_rate, fused=True
        )
        self._optimizers: dict[str, torch.optim.Optimizer] = {"adam": adam}
        self._peaks = {"adam": learning_rate, "muon": matrix_learning_rate}
        if wide:
            self._optimizers["muon"] = Muon(self._matrices, lr=matrix_learning_rate)

    def set_share(self, share: float) -> None:
        """Sets both learning rates to a share of their peak."""
        for name, optimizer in self._optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = share * self._peaks[name]

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        for parameter in (*self._convolutions, *self._all(self._optimizers["adam"])):
            parameter.grad = None

    def step(self) -> None:
        """Updates every parameter from its gradient."""
        for convolution, matrix in zip(self._convolutions, self._matrices, strict=True):
            if convolution.grad is not None:
                matrix.grad = convolution.grad.reshape(matrix.shape)
        for optimizer in self._optimizers.values():
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of both."""
        return {name: optimizer.state_dict() for name, optimizer in self._optimizers.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where ``state`` was taken."""
        for name, optimizer in self._optimizers.items():
            optimizer.load_state_dict(state[name])

    @staticmethod
    def _all(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
        for group in optimizer.param_groups:
            yield from group["params"]
