"""Images per second of both stages, against what the machine's convolutions would allow.

python -m benchmarks.speed.training [--recipe recipes/small-mid.toml] [--crop 256] [--batch 8]

The limit is the arithmetic of a step (forward and backward, counted by torch) at the rate of one
large bfloat16 convolution, forward and backward, on the same threads. Pictures are random: the time
of drawing crops from memory is in it, that of reading files is not. With ``--steps 1`` and a recipe
of the preset ``paper`` it tells what one real step takes.
"""

import argparse
import dataclasses
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.record import Record, add_output_option, say, write_record
from sidelight.evaluate.environment import environment
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.train.data.crops import CropSampler
from sidelight.train.data.pictures import CaptionedImage
from sidelight.train.recipe import AdversarialConfig, Phase, Recipe, load_recipe
from sidelight.train.trainer import Trainer

_NUM_PICTURES, _PICTURE_PX = 32, 320
_CONVOLUTION = {"batch": 8, "channels": 256, "side": 64}
_SEED = 2311


def main() -> None:
    """Parses the command line, measures and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=Path("recipes/small-mid.toml"))
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    add_output_option(parser, "speed_training_PRESET.json")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    head = environment(seed=_SEED)
    phases = (Phase(steps=10**6, crop=arguments.crop, batch=arguments.batch),)
    stage1 = dataclasses.replace(load_recipe(arguments.recipe), phases=phases)
    stage2 = dataclasses.replace(stage1, adversarial=AdversarialConfig())
    flops_per_s = convolution_rate(arguments.device)
    say(f"convolutions: {flops_per_s / 1e9:.0f} GFLOP/s")
    stages = {}
    for name, recipe in (("stage 1", stage1), ("stage 2", stage2)):
        stages[name] = measure(recipe, arguments.device, arguments.steps, flops_per_s)
        say(f"{name}: {stages[name]}")
    record = {
        "environment": head,
        "conditions": {
            name: str(value) if isinstance(value, Path) else value
            for name, value in vars(arguments).items()
        },
        "convolution": {**_CONVOLUTION, "flops_per_s": flops_per_s},
        "summary": stages,
    }
    target = arguments.output.name.replace("PRESET", stage1.model.name)
    write_record(arguments.output.with_name(target), record)


def convolution_rate(device: str) -> float:
    """Returns the floating-point operations a second of a 3x3 convolution in bfloat16."""
    batch, channels, side = _CONVOLUTION.values()
    conv = nn.Conv2d(channels, channels, 3, padding=1).to(
        device, torch.bfloat16, memory_format=torch.channels_last
    )  # type: ignore[call-overload]
    x = torch.randn(batch, channels, side, side, device=device, dtype=torch.bfloat16)
    x = x.to(memory_format=torch.channels_last).requires_grad_()

    def both_ways() -> None:
        conv(x).sum().backward()

    return _flops_of(both_ways) / seconds_of(both_ways, device, 10)


def measure(recipe: Recipe, device: str, num_steps: int, flops_per_s: float) -> Record:
    """Returns time, memory and share of the limit of one stage."""
    trainer, sampler = prepared(recipe, device)
    phase = recipe.phases[0]

    def step() -> None:
        trainer.take_step(sampler.draw(trainer.step, range(phase.batch), phase.crop))

    flops = _flops_of(step)
    seconds = seconds_of(step, device, num_steps)
    limit_s = flops / flops_per_s
    return {
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        "flops_per_image": flops / phase.batch,
        "s_per_step": seconds,
        "images_per_s": phase.batch / seconds,
        "limit_images_per_s": phase.batch / limit_s,
        "share_of_limit": limit_s / seconds,
        "peak_bytes": _peak_bytes(device),
    }


def prepared(recipe: Recipe, device: str) -> tuple[Trainer, CropSampler]:
    """Returns a run at its beginning, and what draws its crops from random pictures."""
    random = np.random.default_rng(_SEED)
    shape = (_PICTURE_PX, _PICTURE_PX, 3)
    pictures = [
        CaptionedImage(str(k), random.integers(0, 256, shape, np.uint8), ("A picture.",))
        for k in range(_NUM_PICTURES)
    ]
    text = [torch.randn(1, recipe.model.text_width) for _ in pictures]
    trainer = Trainer(recipe, text, LPIPS.load(for_training=True), device=device)
    return trainer, CropSampler(pictures, seed=_SEED, framing=recipe.framing)


def _flops_of(work: Callable[[], None]) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def seconds_of(work: Callable[[], None], device: str, count: int) -> float:
    """Returns the median time of so many runs of ``work``, after one that warms up."""
    seconds = []
    for _ in range(count + 1):
        _wait(device)
        start = time.perf_counter()
        work()
        _wait(device)
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:])


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _peak_bytes(device: str) -> int:
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated()
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
