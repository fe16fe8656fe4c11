"""Takes five steps of stage 2 in as many processes as the environment says, and saves the result.

Run by test_distributed.py, with the step to stop at, and the state that is gone on from if it is
there, else written. Without noise and rounding and in fp32, so that runs can be compared closely.
"""

import contextlib
import sys
from pathlib import Path

import numpy as np
import torch
from tests.tiny_config import TINY_CONFIG

from sidelight.metrics.networks.lpips import LPIPS
from sidelight.models import base
from sidelight.train import distributed, muon
from sidelight.train.data.batches import batches
from sidelight.train.data.crops import CropSampler
from sidelight.train.data.pictures import CaptionedImage
from sidelight.train.recipe import AdversarialConfig, DataSource, Phase, Recipe
from sidelight.train.trainer import Trainer

RECIPE = Recipe(
    model=TINY_CONFIG,
    data=(DataSource(pictures="none"),),
    target_bpp=(0.1, 0.3, 0.9),
    initial_lmbda=(2.0, 1.0, 0.5),
    phases=(Phase(steps=5, crop=64, batch=4),),
    adversarial=AdversarialConfig(learning_rate=1e-3),
    learning_rate=2e-3,
    matrix_learning_rate=2e-3,
    warmup_steps=1,
    steer_rate_after=1,
    freeze_norm_after=1.0,
)


def networks(trainer: Trainer) -> dict[str, torch.Tensor]:
    parts = (trainer.model, trainer.adversary.discriminator)
    return {name: value for part in parts for name, value in part.named_parameters()}


def main(target: Path, stop: int, state: Path) -> None:
    torch.set_num_threads(1)
    torch.autocast = lambda *_, **__: contextlib.nullcontext()
    muon.computes_in_bf16 = lambda device: False
    base.add_uniform_noise = lambda latents: latents
    base.round_straight_through = lambda latents: latents  # else a last bit decides a step
    distributed.join("cpu")
    random = np.random.default_rng(0)
    pictures = [
        CaptionedImage(f"{k}", random.integers(0, 256, (70, 80, 3), np.uint8), ("One.", "Two."))
        for k in range(6)
    ]
    generator = torch.Generator().manual_seed(0)
    text = [torch.randn(2, 16, generator=generator).half() for _ in pictures]
    torch.manual_seed(0)
    trainer = Trainer(RECIPE, text, LPIPS(for_training=True))
    start = {name: value.clone() for name, value in networks(trainer).items()}
    totals = []
    if state.exists():
        trainer.load(state)
    for batch in batches(CropSampler(pictures, seed=1), RECIPE, trainer.step, num_workers=0):
        losses = trainer.take_step(batch)
        totals.append(distributed.mean_of([*losses.model, *losses.discriminator]))
        if trainer.step == stop:
            break
    stops = [distributed.any_process(distributed.rank() == k) for k in (0, 9)]
    if distributed.rank() == 0:
        trainer.save(state)
        norm = trainer.model.g_s.ssa[0].norm
        result = {
            "losses": torch.tensor(totals),
            "start": start,
            "end": networks(trainer),
            "lmbda": trainer.objective.rate.log_lmbda,
            "running_mean": norm.running_mean,
            "stops": torch.tensor(stops),
        }
        torch.save(result, target)
    distributed.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
