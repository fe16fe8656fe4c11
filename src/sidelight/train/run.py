"""A training run from its recipe to its last state.

A run lives in a folder: ``recipe.json``, ``log.jsonl``, ``tensorboard/``, ``samples/`` and
``state.pt``, from which it resumes.
"""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from PIL import Image

from sidelight.claim import claimed
from sidelight.codec.checkpoint import computing_on
from sidelight.errors import ConfigError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.text.encoder import TextEncoder
from sidelight.text.registry import load_text_encoder
from sidelight.train import distributed
from sidelight.train.carrier_objective import num_wrong
from sidelight.train.data.batches import batches
from sidelight.train.data.crops import CropSampler
from sidelight.train.data.datasets import (
    Tell,
    TrainingPicture,
    find_pictures,
    no_words,
    odd_vectors,
    sound_pictures,
    text_vectors,
)
from sidelight.train.data.pairs import Pairs
from sidelight.train.data.resident import ResidentPictures, fit_on
from sidelight.train.linear_start import principal_components
from sidelight.train.recipe import Recipe, save_recipe
from sidelight.train.run_log import Record, RunLog
from sidelight.train.state_file import STATE_FILE, check_readable, start_file
from sidelight.train.trainer import StepLosses, Trainer, check_parts

_SAVE_EVERY_S = 300
_LOG_EVERY = 50

Report = Callable[[int, Record], None]


def train(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool,
    device: str,
    time_limit_s: float,
    num_workers: int,
    report: Report,
    prepare: Callable[[int, int], None] | None = None,
    tell: Tell = no_words,
) -> bool:
    """Trains until the recipe or the time is over.

    Args:
        recipe: What to train, on what, how long.
        folder: Gets everything that the run writes.
        resume: Whether to go on with the run in ``folder``.
        device: Such as "cpu", "cuda" or "cuda:1".
        time_limit_s: After so many seconds, those of preparation included, the state is saved and
            the run left; one step is taken in any case.
        num_workers: Processes that draw batches.
        report: Gets the step and a record now and then.
        prepare: Gets how many pictures are coded for pairs, and how many are to be.
        tell: Gets lines about what the data lack.

    Returns:
        Whether the recipe is complete.

    Raises:
        ConfigError: The folder holds a run already, or another process is at work in it; or no
            picture is found.
        CodecError: Something that the recipe names is missing or damaged.
        TrainingError: The run has diverged.
    """
    end = time.monotonic() + time_limit_s
    distributed.join(device)
    with ExitStack() as stack:
        stack.callback(distributed.leave)
        if is_first := distributed.rank() == 0:
            stack.enter_context(claimed(folder))
        told = tell if is_first else no_words
        state = folder / STATE_FILE
        if state.exists() and not resume:
            raise ConfigError(f"{folder} holds a run: give --resume to go on, or another folder")
        _check_batches(recipe)
        with computing_on(device):
            torch.zeros(1, device=distributed.local_device(device)).item()
        check_parts(recipe)
        begins_from = None
        if recipe.start_from and not state.exists():
            begins_from = start_file(recipe.start_from)
            check_readable(begins_from)  # before pictures are read, which takes minutes
        found, held_out = find_pictures(recipe, told)
        held_out, _ = sound_pictures(held_out, recipe, told)
        pictures, drawn = sound_pictures(found, recipe, told)
        encoder = _text_encoder(recipe)
        pairs = _pairs(recipe, pictures, prepare)
        if recipe.in_memory and pairs is not None:
            pairs = pairs.in_memory(distributed.hold_once)
        trainer = Trainer(
            recipe,
            text_vectors(drawn, encoder),
            LPIPS.load(for_training=True) if recipe.needs_lpips else None,
            odd_text=odd_vectors(recipe, encoder),
            components=None if state.exists() else _components(recipe, drawn),
            device=distributed.local_device(device),
        )
        if state.exists():
            trainer.load(state)
        elif begins_from is not None:
            trainer.start_from(begins_from)
        if is_first:
            save_recipe(recipe, folder)
        sampler = CropSampler(
            drawn, seed=recipe.seed, framing=recipe.framing, pairs=pairs, gray=recipe.gray
        )
        loop = _Loop(trainer, folder, held_out or pictures, encoder, report)
        with closing(loop):
            drawn_ahead = batches(
                sampler,
                recipe,
                trainer.step,
                num_workers=num_workers,
                resident=_resident(recipe, drawn, pairs, trainer.device),
            )
            return loop.run(drawn_ahead, end)


def _check_batches(recipe: Recipe) -> None:
    processes, share = distributed.count(), recipe.dial.wrong_text_share
    for phase in recipe.phases:
        if phase.batch % processes:
            raise ConfigError(f"{processes} processes cannot share a batch of {phase.batch}")
        if share and not num_wrong(share, phase.batch // processes):
            raise ConfigError(
                f"dial.wrong_text_share is {share}, which is no whole picture of the "
                f"{phase.batch // processes} that a process draws at a time: make the batch larger"
            )


def _text_encoder(recipe: Recipe) -> TextEncoder:
    encoder = load_text_encoder(recipe.text_encoder)
    if encoder.width != recipe.model.text_width:
        raise ConfigError(
            f"model.text_width is {recipe.model.text_width}, but {recipe.text_encoder} gives "
            f"vectors of {encoder.width}"
        )
    return encoder


def _pairs(
    recipe: Recipe,
    pictures: Sequence[TrainingPicture],
    prepare: Callable[[int, int], None] | None,
) -> Pairs | None:
    if recipe.pairs is None:
        return None
    pairs = Pairs(pictures, recipe.pairs, seed=recipe.seed)
    if distributed.rank() == 0:
        pairs.code(prepare)
    distributed.wait_for_all()
    return pairs


def _resident(
    recipe: Recipe, pictures: Sequence[TrainingPicture], pairs: Pairs | None, device: torch.device
) -> ResidentPictures | None:
    if recipe.in_memory and recipe.framing == "native" and fit_on(device, pictures, pairs):
        return ResidentPictures(pictures, pairs, device)
    return None


def _components(recipe: Recipe, pictures: Sequence[TrainingPicture]) -> Any:
    count = recipe.model.num_components
    if not count or recipe.start_from:
        return None
    return principal_components(pictures, count, seed=recipe.seed)


class _Loop:
    def __init__(
        self,
        trainer: Trainer,
        folder: Path,
        shown: Sequence[TrainingPicture],
        encoder: TextEncoder,
        report: Report,
    ) -> None:
        self._trainer, self._folder, self._shown = trainer, folder, shown
        self._encoder, self._report = encoder, report
        self._log = RunLog(folder) if distributed.rank() == 0 else None
        self._since, self._seen = time.monotonic(), 0
        self._losses: list[StepLosses] = []

    def run(self, drawn: Iterator[Any], end: float) -> bool:
        trainer, recipe = self._trainer, self._trainer.recipe
        saved = time.monotonic()
        with _stop_signals() as asked:
            for batch in drawn:
                self._losses.append(trainer.take_step(batch))
                self._seen += len(batch.images) * distributed.count()
                if trainer.step % _LOG_EVERY == 0 or trainer.step == recipe.num_steps:
                    self._tell()
                if trainer.step % recipe.sample_every == 0:
                    self._sample()
                now = time.monotonic()
                over = bool(asked) or now >= end
                if distributed.any_process(over):
                    break
                if now - saved > _SAVE_EVERY_S:
                    self._save()
                    saved = now
        self._save()
        if trainer.step % recipe.sample_every:
            self._sample()
        return trainer.step >= recipe.num_steps

    def close(self) -> None:
        if self._log is not None:
            self._log.close()

    def _tell(self) -> None:
        trainer = self._trainer
        now = time.monotonic()
        record = _means([step.model for step in self._losses], "")
        judged = [step.discriminator for step in self._losses if step.discriminator is not None]
        record |= _means(judged, "d_") if judged else {}
        record |= {
            **trainer.objective.record(),
            "images_per_s": round(self._seen / (now - self._since), 2),
            "skipped": trainer.skipped,
        }
        self._since, self._seen, self._losses = now, 0, []
        if self._log is not None:
            self._log.add(trainer.step, record)
            self._report(trainer.step, record)

    def _sample(self) -> None:
        if self._log is None:
            return
        trainer = self._trainer
        step = trainer.step
        samples = trainer.objective.samples(trainer.ema, self._shown, self._encoder)
        folder = self._folder / "samples"
        folder.mkdir(exist_ok=True)
        for name, strip in samples.strips.items():
            flat = name.replace("/", "-")
            Image.fromarray(strip).save(folder / f"{step:07d}-{flat}.png")
            self._log.add_picture(step, flat, strip)
        self._log.add(step, samples.values)

    def _save(self) -> None:
        if distributed.rank() == 0:
            self._trainer.save(self._folder / STATE_FILE)


def _means(losses: Sequence[Any], prefix: str) -> Record:
    terms = (sum(values) / len(losses) for values in zip(*losses, strict=True))
    names = (prefix + name for name in losses[0]._fields)
    means = distributed.mean_of(terms)
    return {name: round(mean, 5) for name, mean in zip(names, means, strict=True)}


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Gives a list that is filled when the run is asked to stop; the step under way is ended."""
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append(number)

    before = {s: signal.signal(s, note) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
