"""What distilling and tuning the bundled text encoder share: steps that can be cut and resumed."""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer

from sidelight.text.network import SentenceNetwork
from sidelight.train.state_file import read_state, save_state


class TextRun(ABC):
    """One run: the network, its optimiser and its place in the schedule."""

    def __init__(
        self,
        network: SentenceNetwork,
        trained: nn.Module,
        optimizer: Optimizer,
        *,
        num_steps: int,
        seed: int,
    ) -> None:
        """Takes the sentence network and all that is trained, which holds it."""
        self.network = network
        self.num_steps, self.step = num_steps, 0
        self._trained, self._optimizer = trained, optimizer
        self._random = random.Random(seed)

    @abstractmethod
    def take_step(self) -> float:
        """Takes one step and returns the loss."""

    def run(
        self,
        report: Callable[[int, float], None],
        checkpoint: Path | None = None,
        *,
        every: int = 200,
    ) -> None:
        """Takes the steps that remain.

        Args:
            report: Gets the step and the mean loss since it was last told.
            checkpoint: Where a run that was cut is taken up again; None keeps nothing.
            every: Steps from one report, and one saving, to the next.
        """
        if checkpoint and checkpoint.exists():
            self._load(checkpoint)
        losses = []
        while self.step < self.num_steps:
            losses.append(self.take_step())
            self.step += 1
            if self.step % every == 0 or self.step == self.num_steps:
                report(self.step, sum(losses) / len(losses))
                losses = []
                if checkpoint:
                    self._save(checkpoint)

    def _save(self, path: Path) -> None:
        state = {
            "step": self.step,
            "trained": self._trained.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "random": self._random.getstate(),
            "torch_rng": torch.get_rng_state(),
        }
        save_state(path, state)

    def _load(self, path: Path) -> None:
        state = read_state(path, ["step", "trained", "optimizer", "random", "torch_rng"])
        self.step = state["step"]
        self._trained.load_state_dict(state["trained"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._random.setstate(state["random"])
        torch.set_rng_state(state["torch_rng"])
