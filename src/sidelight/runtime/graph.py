"""One network as an ONNX graph, run by onnxruntime on the processor.

A graph is kept without its weights: these stand in the model's file once, mostly in float16, and
are handed to onnxruntime, in float32, when the first picture comes.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sidelight.errors import CheckpointError

_THREADS_VARIABLE = "OMP_NUM_THREADS"
"""Users know it from torch and OpenBLAS; onnxruntime itself does not read it."""
_left_behind: list[Any] = []
"""Sessions of a parent process: their threads stayed there, so that ending them would hang."""
_lock = threading.Lock()
_forked = False


class Graph:
    """A network ready to run.

    It may be used in threads, copied, pickled and forked; a forked child computes in one thread.
    """

    def __init__(self, graph: bytes, weights: Mapping[str, np.ndarray]) -> None:
        """Takes a serialised model, and each of its weights by the name that it has there."""
        self._graph = graph
        # in float32 for good: a session may read this memory for as long as it lives
        self._weights = {
            name: np.ascontiguousarray(value, np.float32) for name, value in weights.items()
        }
        self._session: Any = None
        self._owner = 0

    def __call__(self, outputs: Sequence[str] | None, **inputs: np.ndarray) -> list[np.ndarray]:
        """Returns the outputs of these names, or all.

        Raises:
            CheckpointError: Graph and weights do not belong together.
            MemoryError: There is not enough.
        """
        session = self._opened()
        try:
            return session.run(outputs, {k: np.ascontiguousarray(v) for k, v in inputs.items()})
        except Exception as error:  # onnxruntime's own have no common base
            if "alloc" in str(error).lower():
                raise MemoryError(str(error)) from None
            raise

    def release(self) -> None:
        """Gives back the memory that the largest picture so far took; the next one opens anew."""
        with _lock:
            if self._owner == os.getpid():
                self._session = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_graph": self._graph, "_weights": self._weights, "_session": None, "_owner": 0}

    def _opened(self) -> Any:
        with _lock:
            if self._session is None or self._owner != os.getpid():
                if self._session is not None:
                    _left_behind.append(self._session)
                self._session, self._owner = self._open(), os.getpid()
            return self._session

    def _open(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors, which are raised anyway
        options.intra_op_num_threads = num_threads()
        # a plan lays all tensors out again, beside those of the first run: twice the memory
        options.enable_mem_pattern = False
        # threads that wait by spinning take the core from whoever works in between
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        values = [
            onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in self._weights.values()
        ]
        try:
            options.add_external_initializers(list(self._weights), values)
            return onnxruntime.InferenceSession(
                self._graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # as above
            raise CheckpointError(
                f"onnxruntime {onnxruntime.__version__} cannot open the model's graph: {error}; "
                "fetch or export the model again"
            ) from None


def num_threads() -> int:
    """Returns how many threads a network may take; 0 leaves it to onnxruntime."""
    if _forked:
        return 1
    asked = os.environ.get(_THREADS_VARIABLE, "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
        if allowed != os.cpu_count():
            return allowed  # else onnxruntime binds threads to cores that are not ours
    return 0


def _after_fork() -> None:
    global _lock, _forked
    _lock, _forked = threading.Lock(), True  # another thread of the parent may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
