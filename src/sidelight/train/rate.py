"""How lambda is chosen so that a model meets its rate (choice C2).

Axes: b batch, k quality levels.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.models.gain import interpolate_levels
from sidelight.train.recipe import Recipe

_EARLY_SHARE = 0.025
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


class RateSwitch:
    """The paper's rule for one rate: a large lambda above the target, a small one below it.

    The first steps aim higher, with half of the large lambda.
    """

    _EARLY_TARGET, _EARLY_LMBDA = 0.20 / 0.14, 0.5
    _MEMORY = 0.9

    def __init__(
        self, target_bpp: float, high_lmbda: float, low_lmbda: float, *, early_steps: int
    ) -> None:
        self.target, self.high, self.low = target_bpp, high_lmbda, low_lmbda
        self.early_steps, self.step = early_steps, 0
        self.measured = torch.tensor([target_bpp])

    @property
    def log_lmbda(self) -> Float[Tensor, "1"]:
        """The lambda of the next step."""
        early = self.step < self.early_steps
        target = self.target * (self._EARLY_TARGET if early else 1.0)
        high = self.high * (self._EARLY_LMBDA if early else 1.0)
        return torch.tensor([high if float(self.measured) > target else self.low]).log()

    def lmbda(self, position: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Returns one lambda for the whole batch."""
        return self.log_lmbda.exp().expand(len(position))

    def update(self, step: int, position: Float[Tensor, " b"], bpp: Float[Tensor, " b"]) -> None:  # noqa: ARG002
        """Learns from the rounded rates of one batch; ``position`` is that of the only level."""
        self.measured.lerp_(bpp.mean(), 1 - self._MEMORY)
        self.step = step + 1

    def state_dict(self) -> dict[str, Tensor]:
        """Returns what a resumed run needs."""
        return {"measured": self.measured.clone(), "step": torch.tensor(self.step)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continues where ``state`` was taken."""
        self.measured, self.step = state["measured"].clone(), int(state["step"])


def rate_rule(recipe: Recipe) -> RateController | RateSwitch:
    """Returns the rule that a recipe asks for, as at step 0."""
    if recipe.rate_rule == "switched":
        return RateSwitch(
            recipe.target_bpp[0],
            recipe.initial_lmbda[0],
            recipe.low_lmbda,
            early_steps=round(_EARLY_SHARE * recipe.num_steps),
        )
    return RateController(
        recipe.target_bpp, recipe.initial_lmbda, first_step=recipe.steer_rate_after
    )
