"""Stage 1 of training: E, P and G on rate and distortion, with text in G (paper section 3.3).

A run lives in a folder: ``recipe.json``, ``log.jsonl`` and ``state.pt``, from which it resumes.
"""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from sidelight.data.crops import CropSampler
from sidelight.data.shards import CaptionedImage
from sidelight.losses.lpips import LPIPS
from sidelight.losses.rate_distortion import Loss, rate_distortion
from sidelight.models.codec_model import CodecModel
from sidelight.train.linear_start import principal_components, start_linear_paths
from sidelight.train.optimizer import MatrixAndVectorOptimizer
from sidelight.train.rate import RateController
from sidelight.train.recipe import Recipe

STATE_FILE = "state.pt"
_SAVE_EVERY_S = 300
_LOG_EVERY = 50


class Stage1:
    """One training run and everything that it must save to go on exactly."""

    def __init__(
        self,
        recipe: Recipe,
        pictures: list[CaptionedImage],
        text: list[Float[Tensor, "_ t"]],
        lpips: LPIPS,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.text = text
        self.lpips = lpips.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model = CodecModel(recipe.model)
        if recipe.model.linear_paths:
            count = recipe.model.latent_channels
            components = principal_components(pictures, count, seed=recipe.seed)
            start_linear_paths(self.model, components)
        self.ema = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.optimizer = MatrixAndVectorOptimizer(
            self.model,
            learning_rate=recipe.learning_rate,
            matrix_learning_rate=recipe.matrix_learning_rate,
        )
        self.sampler = CropSampler(pictures, seed=recipe.seed)
        self.controller = RateController(
            recipe.target_bpp, recipe.initial_lmbda, first_step=recipe.steer_rate_after
        )
        self.step = 0
        self.skipped = 0

    def take_step(self) -> Loss:
        """Takes one optimiser step and returns the loss terms."""
        recipe = self.recipe
        phase = recipe.phase_at(self.step)
        batch = self.sampler.draw(phase.batch, phase.crop)
        x = torch.from_numpy(batch.images).float().div(255)
        x = x.contiguous(memory_format=torch.channels_last)
        text = torch.stack(
            [self.text[k][c] for k, c in zip(batch.picture_ids, batch.caption_ids, strict=True)]
        ).float()
        text[torch.rand(len(text)) < recipe.text_dropout] = 0.0
        position = self._draw_positions(phase.batch)

        self._set_modes()
        self.optimizer.set_share(self._learning_rate_share())
        self.optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = self.model(x, text, position)
            loss = rate_distortion(
                output,
                x,
                self._rate_share() * self.controller.lmbda(position),
                lpips=self.lpips,
                config=recipe.distortion,
                balance=recipe.level_balance,
            )
        loss.total.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), recipe.max_gradient_norm)
        if torch.isfinite(norm):
            self.optimizer.step()
            self.controller.update(self.step, position, output.bpp_rounded)
            self._update_ema()
        else:
            self.skipped += 1
            self._restore_statistics()
        self.step += 1
        return Loss(*(term.detach() for term in loss))

    def _draw_positions(self, count: int) -> Float[Tensor, " b"]:
        # half of the samples at a level, half between two, so that both are trained
        last = self.recipe.model.num_levels - 1
        levels = torch.randint(last + 1, (count,)).float()
        between = torch.rand(count) * last
        return torch.where(torch.rand(count) < 0.5, levels, between)

    def _set_modes(self) -> None:
        self.model.train()
        if self.step >= self.recipe.freeze_norm_after * self.recipe.num_steps:
            for module in self.model.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def _learning_rate_share(self) -> float:
        recipe = self.recipe
        warm = min(1.0, (self.step + 1) / recipe.warmup_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.step / recipe.num_steps)))
        return warm * (recipe.final_share + (1 - recipe.final_share) * cosine)

    def _rate_share(self) -> float:
        # a fresh encoder under full rate pressure gives up channels before it has used them
        start = self.recipe.initial_rate_share
        return min(1.0, start + (1 - start) * self.step / self.recipe.steer_rate_after)

    @torch.no_grad()
    def _restore_statistics(self) -> None:
        # the forward pass has put what was not finite into the running means of the batch norms
        for name, buffer in self.model.named_buffers():
            buffer.copy_(self.ema[name])

    @torch.no_grad()
    def _update_ema(self) -> None:
        decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.ema[name].lerp_(value, 1 - decay)
            else:
                self.ema[name].copy_(value)

    def save(self, path: Path) -> None:
        """Writes everything a resumed run needs, atomically."""
        partial = path.with_suffix(".partial")
        state = {
            "step": self.step,
            "skipped": self.skipped,
            "model": self.model.state_dict(),
            "ema": self.ema,
            "optimizer": self.optimizer.state_dict(),
            "controller": self.controller.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "sampler_rng": json.dumps(self.sampler.random.bit_generator.state),
        }
        torch.save(state, partial)
        partial.replace(path)

    def start_from(self, path: Path) -> None:
        """Takes the averaged weights and the lambdas of another run, and nothing else of it."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["ema"])
        self.ema = state["ema"]
        self.controller.load_state_dict(state["controller"])

    def load(self, path: Path) -> None:
        """Continues exactly where ``path`` was saved."""
        state = torch.load(path, weights_only=True)
        self.step, self.skipped = state["step"], state["skipped"]
        self.model.load_state_dict(state["model"])
        self.ema = state["ema"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.controller.load_state_dict(state["controller"])
        torch.set_rng_state(state["torch_rng"])
        self.sampler.random.bit_generator.state = json.loads(state["sampler_rng"])


def run(stage: Stage1, folder: Path, *, time_limit_s: float, report: Callable[[str], None]) -> bool:
    """Trains until the recipe or the time is over, logging and saving on the way.

    Returns:
        Whether the recipe is complete.
    """
    begin = last_save = time.monotonic()
    since, seen, taken = begin, 0, 0
    sums = np.zeros(len(Loss._fields))
    with (folder / "log.jsonl").open("a") as log:
        while stage.step < stage.recipe.num_steps and time.monotonic() - begin < time_limit_s:
            seen += stage.recipe.phase_at(stage.step).batch
            sums += [float(term) for term in stage.take_step()]
            taken += 1
            if stage.step % _LOG_EVERY == 0:
                now = time.monotonic()
                means = dict(zip(Loss._fields, (sums / taken).round(5).tolist(), strict=True))
                record = {
                    "step": stage.step,
                    **means,
                    "lmbda": stage.controller.log_lmbda.exp().tolist(),
                    "level_bpp": stage.controller.measured.tolist(),
                    "images_per_s": round(seen / (now - since), 2),
                    "skipped": stage.skipped,
                }
                log.write(json.dumps(record) + "\n")
                log.flush()
                report(f"{stage.step}/{stage.recipe.num_steps} {record}")
                since, seen, taken, sums = now, 0, 0, np.zeros(len(Loss._fields))
            if time.monotonic() - last_save > _SAVE_EVERY_S:
                stage.save(folder / STATE_FILE)
                last_save = time.monotonic()
    stage.save(folder / STATE_FILE)
    return stage.step >= stage.recipe.num_steps
