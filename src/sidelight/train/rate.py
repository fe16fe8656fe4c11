"""Steers one lambda per quality level so that the level's mean rate meets its target (spec C2).

Axes: b batch, k quality levels.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.models.gain import interpolate_levels

_LMBDA_RANGE = (2.0**-6, 2.0**8)


class RateController:
    """Raises log(lambda) where the measured rate is above its target, lowers it where below.

    Before ``first_step`` it only measures: a fresh network's rate says nothing about its lambda.
    """

    def __init__(
        self,
        target_bpp: tuple[float, ...],
        initial_lmbda: tuple[float, ...],
        *,
        first_step: int,
        gain: float = 0.001,
        memory: float = 0.99,
    ) -> None:
        self.log_target = torch.tensor(target_bpp).log()
        self.log_lmbda = torch.tensor(initial_lmbda).log()
        self.measured = torch.tensor(target_bpp)
        self.expected = torch.tensor(target_bpp)
        self.first_step, self.gain, self.memory = first_step, gain, memory

    def lmbda(self, position: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Returns lambda at real positions among the levels."""
        return interpolate_levels(self.log_lmbda, position).exp()

    def update(self, step: int, position: Float[Tensor, " b"], bpp: Float[Tensor, " b"]) -> None:
        """Learns from the rounded rates of one batch."""
        num_levels = len(self.log_lmbda)
        target = interpolate_levels(self.log_target, position).exp()
        for level in range(num_levels):
            weight = (1 - (position - level).abs()).clamp_min(0)
            share = weight.sum().clamp_max(1) * (1 - self.memory)
            if share > 0:
                self.measured[level].lerp_((weight * bpp).sum() / weight.sum(), share)
                self.expected[level].lerp_((weight * target).sum() / weight.sum(), share)
        if step < self.first_step:
            return
        error = (self.measured / self.expected).log().clamp(-1, 1)
        low, high = (torch.tensor(bound).log() for bound in _LMBDA_RANGE)
        self.log_lmbda = (self.log_lmbda + self.gain * error).clamp(low, high)

    def state_dict(self) -> dict[str, Tensor]:
        """Returns what a resumed run needs."""
        return {name: getattr(self, name).clone() for name in ("log_lmbda", "measured", "expected")}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continues where ``state`` was taken."""
        for name, value in state.items():
            setattr(self, name, value.clone())
