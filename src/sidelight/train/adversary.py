"""The discriminator's side of stage 2: its step, and what it thinks of a reconstruction.

Axes: b batch, h and w picture size, t text.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sidelight.models.config import ModelConfig
from sidelight.models.discriminator import Discriminator
from sidelight.nn.precision import fast_autocast
from sidelight.train import distributed
from sidelight.train.losses.adversarial import (
    DiscriminatorLoss,
    discriminator_loss,
    generator_loss,
    mismatched_rows,
)
from sidelight.train.objective import Reconstruction
from sidelight.train.recipe import AdversarialConfig


class Adversary:
    """D with its optimiser (choices C8, C10, C11 and C12)."""

    def __init__(
        self,
        model: ModelConfig,
        config: AdversarialConfig,
        max_norm: float,
        device: torch.device,
    ) -> None:
        self.config = config
        self.discriminator = Discriminator(model).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._max_norm = max_norm
        self._optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=config.learning_rate, betas=(0.5, 0.9)
        )

    def take_step(
        self,
        x: Float[Tensor, "b 3 h w"],
        made: Reconstruction,
        text: Float[Tensor, "b t"],
        picture_ids: Int[Tensor, " b"],
        share: float,
    ) -> DiscriminatorLoss:
        """Takes one step of D, or none where its gradient is not finite; returns its terms."""
        text = self._text(text)
        self.discriminator.train().requires_grad_(requires_grad=True)
        self._optimizer.zero_grad()
        for group in self._optimizer.param_groups:
            group["lr"] = share * self.config.learning_rate
        with fast_autocast(x.device):
            loss = discriminator_loss(
                self.discriminator,
                x,
                made.x_hat.detach(),
                made.condition.detach(),
                text,
                self._other_text(text, picture_ids),
                made.realism,
            )
        loss.total.backward()
        distributed.average_gradients(self.discriminator)
        norm = nn.utils.clip_grad_norm_(self.discriminator.parameters(), self._max_norm)
        if torch.isfinite(norm):
            self._optimizer.step()
        return DiscriminatorLoss(*(term.detach() for term in loss))

    def judge(self, made: Reconstruction, text: Float[Tensor, "b t"]) -> Float[Tensor, " b"]:
        """Returns, per picture, how far D is from calling it real; D itself learns nothing."""
        # in eval mode the spectral norms keep their vectors, which only D's own step may move
        self.discriminator.eval().requires_grad_(requires_grad=False)
        return generator_loss(self.discriminator, made.x_hat, made.condition, self._text(text))

    def state_dict(self) -> dict[str, Any]:
        """Returns what a resumed run needs."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where ``state`` was taken."""
        self.discriminator.load_state_dict(state["discriminator"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _text(self, text: Float[Tensor, "b t"]) -> Float[Tensor, "b t"]:
        return text if self.config.text else torch.zeros_like(text)

    @staticmethod
    def _other_text(
        text: Float[Tensor, "b t"], picture_ids: Int[Tensor, " b"]
    ) -> Float[Tensor, "b t"]:
        # from the batch of all processes, so that their number changes nothing
        gathered = distributed.gather_rows(picture_ids).cpu()
        if (gathered == gathered[0]).all():
            return torch.zeros_like(text)  # no other picture here: no third term
        others = mismatched_rows(gathered)
        first = distributed.rank() * len(text)
        return distributed.gather_rows(text)[others[first : first + len(text)].to(text.device)]
