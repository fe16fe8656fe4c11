"""What a caller may have set for all of torch, and what must not change our numbers."""

import contextlib
import functools
import os
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """Makes tensors on the CPU and computes without autocast, whatever the caller's default is.

    The default dtype is one for the whole process and cannot be set aside for one thread: code that
    makes tensors names theirs.
    """
    with contextlib.ExitStack() as stack:
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))  # slows every call of torch a little
        if torch.is_autocast_enabled("cpu"):
            stack.enter_context(torch.autocast("cpu", enabled=False))
        yield


@functools.cache
def survive_fork() -> None:
    """Lets forked children compute, with one thread.

    OpenMP's threads stay in the parent; a child that asks for them waits for ever. torch's own
    DataLoader sets one thread in its workers too.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=functools.partial(torch.set_num_threads, 1))
