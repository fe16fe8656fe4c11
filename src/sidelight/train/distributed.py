"""One run in many processes, each with its share of every batch (torchrun).

Everything is the same in all of them but the rows of the batch they see and the noise they draw.
Axes: b rows of one process.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from math import prod

import numpy as np
import torch
from torch import Tensor, distributed, nn

_LONGEST_WAIT = timedelta(hours=6)
"""For the process that prepares pictures for all; one that ends is seen by torchrun, at once."""


def join(device: str) -> None:
    """Joins the other processes that torchrun has started; alone it does nothing."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized():
        on_gpus = device.startswith("cuda")
        backends = "cpu:gloo,cuda:nccl" if on_gpus else "gloo"
        distributed.init_process_group(backends, timeout=_LONGEST_WAIT)


def leave() -> None:
    """Undoes ``join``."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def rank() -> int:
    """Returns this process's number, from 0, also before ``join``; process 0 writes and speaks."""
    if distributed.is_initialized():
        return distributed.get_rank()
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    """Returns how many processes share the run."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def local_device(device: str) -> torch.device:
    """Returns this process's device: of several GPUs of a machine its own."""
    if device == "cuda" and count() > 1:
        own = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(own)
        return own
    return torch.device(device)


def rows_of_this_process(batch: int) -> range:
    """Returns this process's part of the rows of a batch, which ``count()`` must divide."""
    share = batch // count()
    return range(rank() * share, (rank() + 1) * share)


def average_gradients(module: nn.Module) -> None:
    """Replaces every gradient by its mean over the processes."""
    if count() == 1:
        return
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    for gradient, total in zip(gradients, _summed(gradients), strict=True):
        gradient.copy_(total / count())


def map_in_shares(function: Callable[[Tensor], Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Returns ``function`` of every tensor, in the tensor's shape; each process computes a share.

    Args:
        function: Does the same in every process.
        tensors: The same in every process.
    """
    if count() == 1:
        return [function(tensor) for tensor in tensors]
    own = range(rank(), len(tensors), count())
    results = [function(t) if k in own else torch.zeros_like(t) for k, t in enumerate(tensors)]
    return _summed(results)  # of each entry all processes but one bring a zero: exact


def gather_rows(tensor: Tensor) -> Tensor:
    """Returns the rows (b, ...) of all processes in order, without gradient."""
    if count() == 1:
        return tensor.detach()
    parts = [torch.empty_like(tensor) for _ in range(count())]
    distributed.all_gather(parts, tensor.detach().contiguous())
    return torch.cat(parts)


def mean_of(values: Iterable[Tensor]) -> list[float]:
    """Returns scalars as means over the processes."""
    stacked = torch.stack([value.detach().float() for value in values])
    if count() > 1:
        distributed.all_reduce(stacked)
        stacked /= count()
    return stacked.tolist()


def is_first_of_machine() -> bool:
    """Returns whether this process is the one that ``hold_once`` takes arrays from."""
    return _variable("LOCAL_RANK", 0) == 0


def hold_once(arrays: Iterable[np.ndarray | None]) -> list[np.ndarray | None]:
    """Returns uint8 arrays of which all processes of a machine hold one copy; None stays None.

    The first of them takes the arrays, one by one, into a file without a name, which ends with the
    processes; the others map it.

    Args:
        arrays: Looked at in each machine's first process only.
    """
    if count() == 1 or _variable("LOCAL_WORLD_SIZE", 1) == 1:
        return list(arrays)
    machine = _variable("GROUP_RANK", 0)
    with tempfile.TemporaryFile() as stream:
        shapes: list[tuple[int, ...] | None] = []
        if is_first_of_machine():
            for array in arrays:
                shapes.append(None if array is None else array.shape)
                if array is not None:
                    stream.write(array.tobytes())
            stream.flush()
        own = (machine, f"/proc/{os.getpid()}/fd/{stream.fileno()}", shapes)
        told = [own] * count()
        distributed.all_gather_object(told, own if is_first_of_machine() else None)
        _, place, shapes = next(each for each in told if each is not None and each[0] == machine)
        held = list(_mapped(place, shapes))
        wait_for_all()  # the file is there until all have mapped it
    return held


def _mapped(place: str, shapes: Sequence[tuple[int, ...] | None]) -> Iterator[np.ndarray | None]:
    is_empty = not any(shapes)
    pixels = np.empty(0, np.uint8) if is_empty else np.asarray(np.memmap(place, mode="r"))
    begin = 0
    for shape in shapes:
        if shape is None:
            yield None
        else:
            end = begin + prod(shape)
            yield pixels[begin:end].reshape(shape)
            begin = end


def _variable(name: str, default: int) -> int:
    return int(os.environ.get(name, default))


def wait_for_all() -> None:
    """Returns once every process has come here."""
    if count() > 1:
        distributed.barrier()


def any_process(flag: bool) -> bool:
    """Returns whether the flag is set in any of the processes."""
    if count() == 1:
        return flag
    raised = torch.tensor(float(flag))
    distributed.all_reduce(raised)
    return bool(raised > 0)


def _summed(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Returns the sums over the processes, sent as one message."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    distributed.all_reduce(flat)
    parts = flat.split([tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]
