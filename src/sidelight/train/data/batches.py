"""The batches of a run, drawn ahead of the steps that need them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from sidelight.train import distributed
from sidelight.train.data.crops import CropBatch, CropSampler, Cut
from sidelight.train.data.resident import ResidentPictures
from sidelight.train.recipe import Recipe


def batches(
    sampler: CropSampler,
    recipe: Recipe,
    first_step: int,
    *,
    num_workers: int,
    resident: ResidentPictures | None = None,
) -> Iterator[CropBatch]:
    """Yields this process's rows of the batch of each step that remains.

    Args:
        sampler: Draws.
        recipe: Says how many rows of which size.
        first_step: Where the run stands.
        num_workers: Processes that draw; 0 draws when a batch is asked for.
        resident: Cuts the crops, if the sampler's pictures are there.
    """
    steps = range(first_step, recipe.num_steps)
    if resident is not None:
        cuts = _drawn(_Cuts(sampler, recipe), steps, num_workers, collate=list)
        for step, drawn in zip(steps, cuts, strict=True):
            yield resident.cut(drawn, recipe.phase_at(step).crop)
    elif num_workers == 0:
        yield from map(_Crops(sampler, recipe).__getitem__, steps)
    else:
        yield from map(
            _as_arrays, _drawn(_Crops(sampler, recipe), steps, num_workers, collate=_as_tensors)
        )


def _drawn(
    dataset: Dataset[Any], steps: range, num_workers: int, *, collate: Callable[[Any], Any]
) -> DataLoader[Any]:
    return DataLoader(
        dataset, batch_size=None, sampler=steps, num_workers=num_workers, collate_fn=collate
    )


class _Steps:
    """What one process draws for each step."""

    def __init__(self, sampler: CropSampler, recipe: Recipe) -> None:
        self._sampler, self._recipe = sampler, recipe
        self._rows = [distributed.rows_of_this_process(phase.batch) for phase in recipe.phases]

    def _asked(self, step: int) -> tuple[int, range, int]:
        phase = self._recipe.phase_at(step)
        return step, self._rows[self._recipe.phases.index(phase)], phase.crop


class _Crops(_Steps, Dataset[CropBatch]):
    def __getitem__(self, step: int) -> CropBatch:
        return self._sampler.draw(*self._asked(step))


class _Cuts(_Steps, Dataset[list[Cut]]):
    def __getitem__(self, step: int) -> list[Cut]:
        return self._sampler.cuts(*self._asked(step))


def _as_tensors(batch: Any) -> list[Any]:
    """Returns arrays as tensors, which processes hand to each other without a copy."""
    return [
        None if part is None else torch.from_numpy(np.ascontiguousarray(part)) for part in batch
    ]


def _as_arrays(batch: list[Any]) -> CropBatch:
    arrays: list[Any] = [None if part is None else part.numpy() for part in batch]
    return CropBatch(*arrays)
