"""Runs jobs in worker processes that may die: by Ctrl-C, of memory, with this process.

Workers are spawned, never forked: onnxruntime's threads do not survive a fork. Each loads its model
once, at its first picture, and gets its share of the cores. A worker that dies is replaced, and its
job tried once more. Few jobs are under way at a time, however many there are.
"""

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, NamedTuple, TypeVar

from sidelight.errors import CodecError, ConfigError, is_out_of_memory

Job = TypeVar("Job")
Result = TypeVar("Result")

_HELD = 2
"""Jobs of one worker: the one that it does, and the next, which it need not wait for."""
_TRIES = 2
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Outcome(NamedTuple, Generic[Job, Result]):
    """What became of one job."""

    job: Job
    result: Result | None
    """None where it failed."""
    error: Exception | None = None
    number: int = 0
    """In the order in which jobs were taken."""


def in_order(
    outcomes: Iterable[Outcome[Job, Result]],
) -> Generator[Outcome[Job, Result], None, None]:
    """Yields outcomes in the order of their jobs; ``ahead`` bounds how many wait."""
    waiting: dict[int, Outcome[Job, Result]] = {}
    place = 0
    for outcome in outcomes:
        waiting[outcome.number] = outcome
        while place in waiting:
            yield waiting.pop(place)
            place += 1


class Answer(NamedTuple):
    """What a worker sends back; a mistake of ours is a text, because its error may not travel."""

    result: Any = None
    error: Exception | None = None
    mistake: str = ""


class _Task(NamedTuple):
    number: int
    job: Any
    tries: int = 0


class _Worker:
    """One process, and what it has to do."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self.tasks: deque[_Task] = deque()
        self.is_ready = False
        self.process.start()
        theirs.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def carry_out(
    jobs: Iterable[Job],
    work: Callable[[Any], Result],
    count: int,
    *,
    sent: Callable[[Job], Any] = lambda job: job,
    abandoned: Callable[[Job], None] = lambda _: None,
    ahead: int | None = None,
) -> Generator[Outcome[Job, Result], None, None]:
    """Yields what became of each job: by ``run_here`` where ``count`` is 1, else in processes.

    Arguments and errors are those of ``run_in_processes``.
    """
    if count == 1:
        return run_here(jobs, work, sent=sent)
    return run_in_processes(jobs, work, count, sent=sent, abandoned=abandoned, ahead=ahead)


def run_in_processes(
    jobs: Iterable[Job],
    work: Callable[[Any], Result],
    count: int,
    *,
    sent: Callable[[Job], Any] = lambda job: job,
    abandoned: Callable[[Job], None] = lambda _: None,
    ahead: int | None = None,
) -> Generator[Outcome[Job, Result], None, None]:
    """Yields what became of each job as they are done; a failed one stops nothing.

    Closing the iterator ends the workers at once.

    Args:
        jobs: Taken one by one, when there is somebody to do them.
        work: Does one; it is sent to each worker once.
        count: Of the workers.
        sent: What of a job a worker gets.
        abandoned: Gets every job whose worker died over it, to clean up behind it.
        ahead: How many jobs may be begun after the oldest that is not done; None for any.

    Raises:
        ConfigError: No worker starts.
        RuntimeError: A mistake in our code, with the worker's traceback.
    """
    pool = _Pool(jobs, work, count, sent, abandoned, ahead)
    try:
        yield from pool.run()
    finally:
        pool.stop()


def run_here(
    jobs: Iterable[Job],
    work: Callable[[Any], Result],
    *,
    sent: Callable[[Job], Any] = lambda job: job,
) -> Generator[Outcome[Job, Result], None, None]:
    """Yields the same, of jobs that are done in this process, one after another."""
    for number, job in enumerate(jobs):
        outcome: Outcome[Job, Result]
        try:
            outcome = Outcome(job, work(sent(job)), None, number)
        except Exception as error:
            if not is_of_the_input(error):
                raise
            outcome = Outcome(job, None, error, number)
        yield outcome


class _Pool(Generic[Job, Result]):
    def __init__(
        self,
        jobs: Iterable[Job],
        work: Callable[[Any], Result],
        count: int,
        sent: Callable[[Job], Any],
        abandoned: Callable[[Job], None],
        ahead: int | None,
    ) -> None:
        self._fresh = (_Task(number, job) for number, job in enumerate(jobs))
        self._again: deque[_Task] = deque()
        self._work, self._count, self._ahead = work, count, ahead
        self._sent, self._abandoned = sent, abandoned
        self._undone: dict[int, None] = {}  # by number, in the order in which they were begun
        self._num_begun = 0
        self._is_over = False
        self._workers: list[_Worker] = []

    def run(self) -> Iterator[Outcome[Job, Result]]:
        self._start(self._count)
        while True:
            while (worker := self._free_worker()) is not None:
                task = self._next_task()
                if task is None:
                    break
                self._give(worker, task)
            if self._is_over and not self._undone:
                return
            for ready in wait([worker.connection for worker in self._workers]):
                yield from self._heard(next(w for w in self._workers if w.connection is ready))

    def stop(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.kill()
            for task in worker.tasks:
                self._abandoned(task.job)
        self._workers = []

    def _start(self, count: int) -> None:
        with _shared_cores(self._count), _interrupts_held():
            self._workers += [_Worker(self._work) for _ in range(count)]

    def _free_worker(self) -> _Worker | None:
        """Returns the worker that has least to do, None where all have enough."""
        ready = [worker for worker in self._workers if worker.is_ready]
        least = min(ready, key=lambda worker: len(worker.tasks), default=None)
        return least if least is not None and len(least.tasks) < _HELD else None

    def _next_task(self) -> _Task | None:
        """Returns what to do next, None where there is nothing, or not yet."""
        if self._again:
            return self._again.popleft()
        oldest = next(iter(self._undone), self._num_begun)
        if self._is_over or (self._ahead is not None and self._num_begun - oldest >= self._ahead):
            return None
        task = next(self._fresh, None)
        if task is None:
            self._is_over = True
            return None
        self._undone[task.number] = None
        self._num_begun = task.number + 1
        return task

    def _give(self, worker: _Worker, task: _Task) -> None:
        worker.tasks.append(task)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # told when it is heard
            worker.connection.send(self._sent(task.job))

    def _heard(self, worker: _Worker) -> Iterator[Outcome[Job, Result]]:
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):  # the latter in the middle of an answer
            yield from self._died(worker)
            return
        if answer is None:
            worker.is_ready = True
            return
        if answer.mistake:
            raise RuntimeError(f"in a worker process: {answer.mistake}")
        task = worker.tasks.popleft()
        del self._undone[task.number]
        yield Outcome(task.job, answer.result, answer.error, task.number)

    def _died(self, worker: _Worker) -> Iterator[Outcome[Job, Result]]:
        worker.kill()
        self._workers.remove(worker)
        reason = _how_it_ended(worker.process.exitcode)
        if not worker.is_ready:
            if not self._workers:
                raise ConfigError(
                    f"a worker process {reason} before it could start; close other programs, or "
                    "run one process only (--jobs 1, --workers 1)"
                )
            return
        for task in worker.tasks:
            self._abandoned(task.job)
        for task in list(worker.tasks)[1:]:
            self._again.append(task)
        if worker.tasks:
            first = worker.tasks[0]
            if first.tries + 1 < _TRIES:
                self._again.append(first._replace(tries=first.tries + 1))
            else:
                del self._undone[first.number]
                error = ChildProcessError(
                    f"its worker process {reason}, twice; perhaps memory ran out: run with "
                    "fewer processes (--jobs, --workers)"
                )
                yield Outcome(first.job, None, error, first.number)
        self._start(1)


def _serve(connection: Connection, work: Callable[[Any], Any]) -> None:
    """Is what a worker does: jobs in, answers out, until nobody is there to send any."""
    limit_decoders()
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, jobs), daemon=True).start()
    connection.send(None)  # ready
    while True:
        connection.send(answer(work, jobs.get()))


def _receive(connection: Connection, jobs: "queue.SimpleQueue[Any]") -> None:
    try:
        while True:
            jobs.put(connection.recv())
    except (EOFError, OSError):
        os._exit(1)  # the parent is gone, however it ended: nobody waits for what is under way


def answer(work: Callable[[Any], Any], job: Any) -> Answer:
    """Returns what a worker says of a job, whatever became of it."""
    try:
        return Answer(work(job))
    except Exception as error:
        if is_of_the_input(error):
            return Answer(error=_that_travels(error))
        return Answer(mistake=traceback.format_exc())


def _that_travels(error: Exception) -> Exception:
    """Returns the error, or one that says the same where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever a foreign class does to be rebuilt
        return OSError(str(error))
    return error


def is_of_the_input(error: Exception) -> bool:
    """Returns whether an error is about a picture, its files or memory, and no mistake of ours."""
    return isinstance(error, CodecError | OSError | MemoryError) or is_out_of_memory(error)


def limit_decoders() -> None:
    """Lets Pillow's AVIF decoder, which takes every core, have a worker's share."""
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = int(os.environ[THREAD_VARIABLES[0]])


@contextlib.contextmanager
def _shared_cores(count: int) -> Iterator[None]:
    """Gives processes that are started here their share of the cores; what the user set stays."""
    share = str(max(1, num_cores() // count))
    missing = [name for name in THREAD_VARIABLES if not os.environ.get(name, "").isdecimal()]
    before = {name: os.environ.get(name) for name in missing}
    os.environ.update(dict.fromkeys(missing, share))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keeps Ctrl-C, which a terminal sends to all, from processes that are started here."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which lets interrupts in again where it is not yet running
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def num_cores() -> int:
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _how_it_ended(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was killed ({signal.Signals(-exit_code).name})"
    return f"ended with exit code {exit_code}"
