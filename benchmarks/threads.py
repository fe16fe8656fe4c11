"""How many threads a benchmark computes with."""

import os

import torch


def use_threads(count: int) -> None:
    """Gives this process's networks so many threads, whichever runtime runs them.

    To be called before the first of them runs: onnxruntime asks the variable then.
    """
    os.environ["OMP_NUM_THREADS"] = str(count)
    torch.set_num_threads(count)
