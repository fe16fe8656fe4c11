"""Both stages of training: a model on its objective, and in stage 2 against D too.

Paper section 3.3. One step is: draw -> reconstruct -> (stage 2: a step of D) -> a step of it.
What a step draws at random follows from the recipe's seed and the step's number alone.

Axes: b batch, h and w picture size, t text.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.codec.card import MODEL_SUFFIX
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.errors import CheckpointError, ConfigError, TrainingError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.models.exported_carrier import ExportedCarrier
from sidelight.nn.precision import fast_autocast
from sidelight.nn.ssa import SSABlock
from sidelight.train import distributed
from sidelight.train.adversary import Adversary
from sidelight.train.data.crops import CropBatch
from sidelight.train.linear_start import BlockComponents
from sidelight.train.losses.adversarial import DiscriminatorLoss
from sidelight.train.objectives import objective_of
from sidelight.train.optimizer import MatrixAndVectorOptimizer
from sidelight.train.recipe import Recipe
from sidelight.train.state_file import read_state, save_state

_LONGEST_REASON = 300
_DROPPED = -1
"""Which of the chances that come with each crop decides whether its caption is seen."""


class StepLosses(NamedTuple):
    """The loss terms of one step; D's are None in stage 1."""

    model: Any
    """A ``TrainingLoss``."""
    discriminator: DiscriminatorLoss | None


def check_parts(recipe: Recipe) -> None:
    """Raises unless the model has the parts that the recipe names.

    Raises:
        ConfigError: It has not all of ``learns``, or of ``afresh``.
    """
    model = objective_of(recipe, None, None).model
    names = [name for name, _ in model.named_parameters()]
    for key, parts in (("learns", recipe.learns), ("afresh", recipe.afresh)):
        if missing := [part for part in parts if not any(_is_of(name, part) for name in names)]:
            known = ", ".join(sorted({name.split(".")[0] for name in names}))
            raise ConfigError(
                f"{key} names {missing}, which the model does not have; it has {known}"
            )


class Trainer:
    """One training run and everything that it must save to go on exactly."""

    def __init__(
        self,
        recipe: Recipe,
        text: Sequence[Float[Tensor, "_ t"]],
        lpips: LPIPS | None,
        *,
        odd_text: Float[Tensor, "_ t"] | None = None,
        components: BlockComponents | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Prepares step 0.

        Args:
            recipe: What to train.
            text: The vectors of each picture's captions.
            lpips: In the form for training; None where its weight is 0.
            odd_text: Vectors of text that is no caption; needed if the recipe asks for some.
            components: What linear paths start from; None leaves them as they are drawn.
            device: Where all of it happens.
        """
        torch.manual_seed(recipe.seed)
        self.recipe, self.text, self.odd_text = recipe, text, odd_text
        self.device = torch.device(device)
        if lpips is not None:
            lpips = lpips.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.objective = objective_of(recipe, lpips, components)
        self.model = self.objective.model.to(self.device)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(not recipe.learns or _is_of(name, *recipe.learns))
        self.ema = _copy(self.model)
        self.optimizer = MatrixAndVectorOptimizer(
            self.model,
            learning_rate=recipe.learning_rate,
            matrix_learning_rate=recipe.matrix_learning_rate,
        )
        self.adversary = None
        if recipe.adversarial is not None:
            self.adversary = Adversary(
                recipe.model, recipe.adversarial, recipe.max_gradient_norm, self.device
            )
        self.step = 0
        self.skipped = 0

    def take_step(self, batch: CropBatch) -> StepLosses:
        """Takes one step on this process's rows of a batch and returns the loss terms.

        Raises:
            TrainingError: The recipe's ``max_skipped`` steps had gradients that were not finite.
        """
        recipe = self.recipe
        torch.manual_seed(hash((recipe.seed, self.step, distributed.rank())) % 2**63)
        x = torch.as_tensor(batch.images, device=self.device).float().div(255)
        x = x.contiguous(memory_format=torch.channels_last)
        text = self._text_of(batch)
        share = self._learning_rate_share()
        adversary = self._adversary_now()
        judged = None

        self._set_modes()
        self.optimizer.set_share(share)
        self.optimizer.zero_grad()
        with fast_autocast(self.device):
            read = text if recipe.generator_text else torch.zeros_like(text)
            made = self.objective.reconstruct(x, read, batch, self.step)
        if adversary is not None:
            picture_ids = torch.from_numpy(batch.picture_ids)
            judged = adversary.take_step(x, made, text, picture_ids, share)
        with fast_autocast(self.device):
            loss = self.objective.loss(
                x,
                made,
                self.step,
                adversarial=None if adversary is None else adversary.judge(made, text),
                adversarial_weight=0.0 if adversary is None else adversary.config.weight,
            )
        loss.total.backward()
        distributed.average_gradients(self.model)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), recipe.max_gradient_norm)
        if torch.isfinite(norm):
            self.optimizer.step()
            self.objective.follow(made, self.step)
            self._update_ema()
        else:
            self._skip()
        self.step += 1
        return StepLosses(type(loss)(*(term.detach() for term in loss)), judged)

    def _adversary_now(self) -> Adversary | None:
        """Returns D once its first step has come."""
        if self.adversary is None or self.step < self.adversary.config.first_step:
            return None
        return self.adversary

    def _text_of(self, batch: CropBatch) -> Float[Tensor, "b t"]:
        chosen = zip(batch.picture_ids, batch.caption_ids, strict=True)
        text = torch.stack([self.text[k][c] for k, c in chosen]).float()
        chances = torch.from_numpy(batch.chances[:, _DROPPED])
        dropped = chances < self.recipe.text_dropout
        text[dropped] = 0.0
        odd = ~dropped & (chances < self.recipe.text_dropout + self.recipe.odd_text)
        if odd.any() and self.odd_text is not None:
            text[odd] = self.odd_text[torch.randint(len(self.odd_text), (int(odd.sum()),))].float()
        return text.to(self.device)

    def _set_modes(self) -> None:
        self.model.train()
        if self.step >= self.recipe.freeze_norm_after * self.recipe.num_steps:
            for module in self.model.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def _learning_rate_share(self) -> float:
        recipe = self.recipe
        warm = min(1.0, (self.step + 1) / recipe.warmup_steps)
        warm *= recipe.phase_at(self.step).learning_rate_share
        if recipe.schedule == "half":
            return warm if self.step < recipe.num_steps / 2 else 0.1 * warm
        if recipe.schedule == "trapezoid":
            left = min(1.0, (recipe.num_steps - self.step) / recipe.cooldown_steps)
            return warm * (recipe.final_share + (1 - recipe.final_share) * left)
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.step / recipe.num_steps)))
        return warm * (recipe.final_share + (1 - recipe.final_share) * cosine)

    @torch.no_grad()
    def _skip(self) -> None:
        self.skipped += 1
        # the forward pass has put what was not finite into the running means of the batch norms
        for name, buffer in self.model.named_buffers():
            buffer.copy_(self.ema[name])
        if self.skipped >= self.recipe.max_skipped:
            raise TrainingError(
                f"{self.skipped} steps up to step {self.step} had gradients that were not finite: "
                "the run has diverged; go back to an earlier state, or lower the learning rate"
            )

    @torch.no_grad()
    def _update_ema(self) -> None:
        decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step))
        weights = self.model.state_dict()
        moving = [name for name, value in weights.items() if value.is_floating_point()]
        # one call for all: on a GPU two hundred take as long as the network
        torch._foreach_lerp_(
            [self.ema[name] for name in moving], [weights[name] for name in moving], 1 - decay
        )
        for name in weights.keys() - set(moving):
            self.ema[name].copy_(weights[name])

    def save(self, path: Path) -> None:
        """Writes everything a resumed run needs, atomically."""
        state = {
            "step": self.step,
            "skipped": self.skipped,
            "model": self.model.state_dict(),
            "ema": self.ema,
            "optimizer": self.optimizer.state_dict(),
            "objective": self.objective.state_dict(),
            "adversary": self.adversary.state_dict() if self.adversary else None,
        }
        save_state(path, state)

    def load(self, path: Path) -> None:
        """Continues exactly where ``path`` was saved.

        Raises:
            CheckpointError: The file is missing, or belongs to another recipe.
        """
        keys = ("step", "skipped", "model", "ema", "optimizer", "objective", "adversary")
        state = read_state(path, keys, device=self.device)
        self._take(state["model"], path)
        try:
            self.step, self.skipped = int(state["step"]), int(state["skipped"])
            self.ema = state["ema"]
            self.optimizer.load_state_dict(state["optimizer"])
            self.objective.load_state_dict(state["objective"])
            joins = self.adversary is not None and self.step <= self.adversary.config.first_step
            if self.adversary is not None and state["adversary"] is None and not joins:
                raise CheckpointError(
                    f"{path} has no discriminator, which this recipe's has from step "
                    f"{self.adversary.config.first_step} on: let it join later "
                    "(adversarial.first_step), or begin anew with start_from"
                )
            if self.adversary is not None and state["adversary"] is not None:
                self.adversary.load_state_dict(state["adversary"])
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path} is the state of another recipe: {error}") from None

    def start_from(self, path: Path) -> None:
        """Takes the averaged weights of another run and what else of it fits, such as lambdas.

        An exported carrier generator (.safetensors) has its weights alone.
        A kernel that is larger here than there begins with zeros around the other's; SSA blocks
        and grain stay fresh where the other has none, and what the recipe wants ``afresh``.

        Raises:
            CheckpointError: The file is missing, or belongs to another model.
        """
        if path.suffix == MODEL_SUFFIX:
            state = _of_model(path)
        else:
            state = read_state(path, ("ema", "objective"), device=self.device)
        self._take(state["ema"], path, grow=True)
        for module in self.model.modules():
            if isinstance(module, SSABlock):
                module.fade_text(self.recipe.text_share)
        self.ema = _copy(self.model)
        try:
            self.objective.start_from(state["objective"])
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path} is the state of another recipe: {error}") from None

    def _take(self, weights: dict[str, Tensor], path: Path, *, grow: bool = False) -> None:
        try:
            if grow:
                own = self.model.state_dict()
                weights = {name: _grown(value, own.get(name)) for name, value in weights.items()}
                lacking = [p for p in ("ssa", "grain") if not any(_is_of(n, p) for n in weights)]
                anew = (*lacking, *self.recipe.afresh)
                weights |= {name: value for name, value in own.items() if _is_of(name, *anew)}
            self.model.load_state_dict(weights)
        except (AttributeError, RuntimeError, TypeError) as error:
            # torch's own words name each weight that differs, on lines of their own
            reason = " ".join(str(error).split())
            if len(reason) > _LONGEST_REASON:
                reason = f"{reason[:_LONGEST_REASON]} ..."
            raise CheckpointError(f"cannot go on from {path}: {reason}") from None


def _of_model(path: Path) -> dict[str, Any]:
    """Returns what a run may start from, of an exported carrier generator."""
    model = load_checkpoint(path).model
    if not isinstance(model, ExportedCarrier):
        raise CheckpointError(
            f"{path} holds the integers of its entropy model, which cannot be trained on: start "
            "from the folder of its run"
        )
    return {"ema": model.generator.state_dict(), "objective": {}}


def _is_of(name: str, *parts: str) -> bool:
    return any(f".{part}." in f".{name}." for part in parts)


def _grown(weight: Tensor, own: Tensor | None) -> Tensor:
    """Returns the weight with zeros around its kernel where ``own`` has a larger one."""
    if own is None or own.dim() != 4 or weight.shape[:2] != own.shape[:2]:
        return weight
    down, across = ((o - w) // 2 for o, w in zip(own.shape[2:], weight.shape[2:], strict=True))
    if min(down, across) < 0:
        return weight
    return nn.functional.pad(weight, (across, across, down, down))


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}
