"""Work on many pictures by all cores, of which only a few are in memory at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_AHEAD = 2
"""Results that wait to be taken, for each core."""


def on_all_cores(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Yields ``function`` of every item, in order; threads, as codecs leave the interpreter."""
    num_cores = len(os.sched_getaffinity(0))
    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(num_cores) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > _AHEAD * num_cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
