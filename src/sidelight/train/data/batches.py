"""The batches of a run, drawn ahead of the steps that need them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from sidelight.train import distributed
from sidelight.train.data.crops import CropBatch, CropSampler
from sidelight.train.recipe import Recipe


def batches(
    sampler: CropSampler,
    recipe: Recipe,
    first_step: int,
    *,
    num_workers: int,
    for_gpu: bool = False,
) -> Iterator[CropBatch]:
    """Yields this process's rows of the batch of each step that remains.

    Args:
        sampler: Draws.
        recipe: Says how many rows of which size.
        first_step: Where the run stands.
        num_workers: Processes that draw; 0 draws when a batch is asked for.
        for_gpu: Whether a thread puts what they draw where a GPU fetches it fast.
    """
    steps = range(first_step, recipe.num_steps)
    drawn = _Batches(sampler, recipe)
    if num_workers == 0:
        yield from (drawn[step] for step in steps)
        return
    loader = DataLoader(
        drawn,
        batch_size=None,
        sampler=steps,
        num_workers=num_workers,
        collate_fn=_as_tensors,
        pin_memory=for_gpu,
    )
    yield from (_as_arrays(batch) for batch in loader)


class _Batches(Dataset[CropBatch]):
    def __init__(self, sampler: CropSampler, recipe: Recipe) -> None:
        self._sampler, self._recipe = sampler, recipe
        self._rows = [distributed.rows_of_this_process(phase.batch) for phase in recipe.phases]

    def __getitem__(self, step: int) -> CropBatch:
        phase = self._recipe.phase_at(step)
        rows = self._rows[self._recipe.phases.index(phase)]
        return self._sampler.draw(step, rows, phase.crop)


def _as_tensors(batch: Any) -> list[Any]:
    """Returns arrays as tensors, which processes hand to each other without a copy."""
    return [
        None if part is None else torch.from_numpy(np.ascontiguousarray(part)) for part in batch
    ]


def _as_arrays(batch: list[Any]) -> CropBatch:
    arrays: list[Any] = [None if part is None else part.numpy() for part in batch]
    return CropBatch(*arrays)
