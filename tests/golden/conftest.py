"""One thread: results repeat, and the tests leave room for whatever else runs."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
