"""Runs jobs on the machines of a Ray cluster (extra ``ray``): read, code and write, by Ray Data.

Each worker is an actor on one core, or a share of a GPU: it loads its model once and takes batches
of files of like size. Machines may come and go; what was under way on one that is lost is done
again. Only jobs and records travel, so all machines must see the same files.
"""

import contextlib
import logging
import os
import pickle
import socket
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from sidelight import __version__
from sidelight.bulk.coding import Record
from sidelight.bulk.jobs import Job
from sidelight.bulk.local import until_full
from sidelight.bulk.places import Stat, is_remote
from sidelight.bulk.shards import ShardDone, ShardWork
from sidelight.errors import ConfigError
from sidelight.pool import THREAD_VARIABLES, Answer, Outcome, answer, limit_decoders, num_cores

Result = TypeVar("Result")

_LOCAL, _ANY = "local", "auto"
_ADDRESS_VARIABLE = "RAY_ADDRESS"
_CONNECT_S = 5
_STORE_BYTES = 2**27
"""Of a Ray that is started here: its object store holds jobs and records alone."""
_BATCH = 16
"""Files of one task, whose overhead is some milliseconds."""
_BATCHES = 4
"""Of each worker at least, so that all end at about the same time."""
_WINDOW = 2048
"""Files of each worker that are planned at a time; workers then start anew, which takes seconds."""
_TRIES = 3
"""Of one batch, when its worker is lost; what is missing then is tried file by file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Which machines, and what of them."""

    address: str | None = None
    """HOST:PORT of the head, or "auto" for one that runs on this machine; None for what the
    variable ``RAY_ADDRESS`` names, else for a Ray of this run's own on this machine."""
    workers: int | None = None
    """How many; None for as many as there are cores, or as the GPUs allow."""
    gpus: float = 0.0
    """Of each worker, such as 0.25."""

    def __post_init__(self) -> None:
        if self.gpus < 0 or (self.gpus > 1 and self.gpus % 1):
            raise ConfigError(f"gpus must be a share up to 1, or whole, got {self.gpus:g}")


def run_shards_on_ray(
    jobs: Sequence[Job], work: ShardWork, cluster: Cluster
) -> Generator[Outcome[Job, Record] | ShardDone, None, None]:
    """Yields what became of each row, shard by shard, and of each shard; raises as ``run_on_ray``.

    Raises:
        OSError: The disk is full.
    """
    with contextlib.closing(until_full(run_on_ray(jobs, work, cluster, largest_batch=1))) as done:
        for job, rows, error, _ in done:
            if rows is None:
                yield ShardDone(job, Stat(0, 0), error=error)
            else:
                yield from rows


def run_on_ray(
    jobs: Sequence[Job],
    work: Callable[[Job], Result],
    cluster: Cluster,
    *,
    largest_batch: int = _BATCH,
) -> Generator[Outcome[Job, Result], None, None]:
    """Yields what became of each job as they are done; a failed one stops nothing.

    Closing the iterator ends what is under way.

    Args:
        jobs: What there is to do.
        work: Does one; sent to each worker once. A job may be done twice, where a machine is lost.
        cluster: Where.
        largest_batch: How many a worker gets at a time.

    Raises:
        ConfigError: Ray is not installed, no cluster is there, or its machines do not suit.
        RuntimeError: A mistake in our code, with the worker's traceback.
    """
    with _connected(cluster) as ray:
        is_local = any(not is_remote(place) for job in jobs for place in job)
        plan = _Plan(ray, work, cluster, str(Path.cwd()) if is_local else None)
        remaining = iter(jobs)
        while window := list(islice(remaining, _WINDOW * plan.workers)):
            yield from plan.run(window, largest_batch)


class _Plan(Generic[Result]):
    """How jobs are shared among the workers."""

    def __init__(
        self, ray: Any, work: Callable[[Job], Result], cluster: Cluster, folder: str | None
    ) -> None:
        self._actor = _Actor(work, folder, __version__)
        cores, gpus = (ray.cluster_resources().get(kind, 0) for kind in ("CPU", "GPU"))
        room = int(min(cores, gpus / cluster.gpus)) if cluster.gpus else int(cores)
        if room < 1:
            raise ConfigError(
                f"the cluster has {cores:g} cores and {gpus:g} GPUs, a worker needs 1 core and "
                f"{cluster.gpus:g} GPUs"
            )
        self.workers = cluster.workers or room
        if cluster.gpus and self.workers > room:
            raise ConfigError(f"the cluster has room for {room} workers, not for {self.workers}")
        # more workers than cores share them: some read while others compute
        self._share = 1 / max(1, ceil(self.workers / max(cores, 1)))
        self._gpus = cluster.gpus

    def run(
        self, jobs: Sequence[Job], largest_batch: int
    ) -> Generator[Outcome[Job, Result], None, None]:
        size = min(largest_batch, max(1, len(jobs) // (_BATCHES * self.workers)))
        missing = yield from self._round(jobs, size)
        # what waits at a worker behind the file that kills it may be lost with it
        missing = yield from self._round(missing, 1, tasks_each=1)
        for job in missing:
            error = ChildProcessError(
                f"its worker was lost, {2 * _TRIES} times; perhaps memory ran out: run with fewer "
                "--jobs"
            )
            yield Outcome(job, None, error)

    def _round(
        self, jobs: Sequence[Job], size: int, *, tasks_each: int | None = None
    ) -> Generator[Outcome[Job, Result], None, list[Job]]:
        """Yields what became of jobs, and returns those of which nothing is known.

        Args:
            jobs: What there is to do.
            size: How many make a task.
            tasks_each: How many tasks a worker has, those that wait included; None as Ray chooses.
        """
        missing = dict(enumerate(jobs))
        if not missing:
            return []
        for number, answered in self._answers(_batches(jobs, size), tasks_each):
            if answered.mistake:
                raise RuntimeError(f"in a worker on Ray: {answered.mistake}")
            if isinstance(answered.error, _UnfitError):
                raise ConfigError(str(answered.error))
            yield Outcome(missing.pop(number), answered.result, answered.error, number)
        return list(missing.values())

    def _answers(
        self, batches: Sequence[list["_Numbered"]], tasks_each: int | None
    ) -> Iterator[tuple[int, Answer]]:
        import pyarrow
        from ray.data import ActorPoolStrategy, from_arrow

        blocks = [pyarrow.table({"jobs": [pickle.dumps(batch)]}) for batch in batches]
        with _unwarned():  # max_task_retries, without which a picture that kills is tried for ever
            answers = from_arrow(blocks).map_batches(
                _Served,
                fn_constructor_args=(self._actor,),
                batch_size=None,
                batch_format="pyarrow",
                compute=ActorPoolStrategy(
                    size=min(self.workers, len(batches)), max_tasks_in_flight_per_actor=tasks_each
                ),
                num_cpus=self._share,
                num_gpus=self._gpus or None,
                max_task_retries=_TRIES - 1,
            )
        for table in answers.iter_batches(
            batch_size=None, batch_format="pyarrow", prefetch_batches=0
        ):
            for row in table.column("answers").to_pylist():
                yield from pickle.loads(row)


class _Numbered(NamedTuple):
    number: int
    job: Job


def _batches(jobs: Sequence[Job], size: int) -> list[list[_Numbered]]:
    """Returns jobs by the sizes of their files, the largest first: the last batches are short."""
    numbered = [_Numbered(number, job) for number, job in enumerate(jobs)]
    numbered.sort(key=lambda each: -_size(each.job))
    return [numbered[begin : begin + size] for begin in range(0, len(numbered), size)]


def _size(job: Job) -> int:
    """Returns the size of a job's file; 0 where one would have to ask a distant store for it."""
    try:
        return 0 if is_remote(job.source) else Path(job.source).stat().st_size
    except (OSError, ValueError):
        return 0


class _UnfitError(ConfigError):
    """What would fail for every picture on a machine."""


@dataclass(frozen=True, slots=True)
class _Actor:
    """What a worker is made of."""

    work: Callable[[Job], Any]
    folder: str | None
    """That paths begin in."""
    version: str


class _Served:
    """A worker, as Ray Data calls it."""

    def __init__(self, actor: _Actor) -> None:
        self._work, self._unfit = actor.work, _why_unfit(actor)
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))  # a worker's core
        limit_decoders()

    def __call__(self, table: Any) -> Any:
        import pyarrow

        rows = table.column("jobs").to_pylist()
        return pyarrow.table({"answers": [self._batch(pickle.loads(row)) for row in rows]})

    def _batch(self, batch: list[_Numbered]) -> bytes:
        if self._unfit is not None:
            return pickle.dumps([(number, Answer(error=self._unfit)) for number, _ in batch])
        return pickle.dumps([(number, answer(self._work, job)) for number, job in batch])


def _why_unfit(actor: _Actor) -> _UnfitError | None:
    machine = f"the cluster's machine {socket.gethostname()}"
    if actor.version != __version__:
        return _UnfitError(
            f"{machine} has sidelight {__version__}, here it is {actor.version}: install the same"
        )
    if actor.folder is not None:
        try:
            os.chdir(actor.folder)
        except OSError:
            return _UnfitError(
                f"{machine} has no folder {actor.folder}: all machines need the same files, in a "
                "folder that they share or at addresses such as s3://"
            )
    return None


@contextlib.contextmanager
def _connected(cluster: Cluster) -> Iterator[Any]:
    """Yields Ray, connected; what it was connected with before stays."""
    ray = _imported()
    if ray.is_initialized():
        yield ray
        return
    address = cluster.address or os.environ.get(_ADDRESS_VARIABLE) or _LOCAL
    started_here: dict[str, Any] = {}
    if address == _LOCAL:
        cores = max(num_cores(), cluster.workers or 1)
        started_here = {
            "num_cpus": cores,
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
        }
    elif address != _ANY:
        _check_address(address)
    # what becomes of single tasks, which Ray prints to stdout, between the records
    ray._private.worker.print_to_stdstream = lambda *_, **__: None
    try:
        with _stderr_held():
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", **started_here)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ConfigError(f"no Ray cluster at {address}: {lines[0] if lines else error}") from None
    try:
        _quieten(ray)
        yield ray
    finally:
        ray.shutdown()


def _imported() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")  # else it tries for ten minutes
    try:
        import ray
        import ray.data
    except ImportError:
        raise ConfigError("--engine ray needs Ray: pip install 'sidelight[ray]'") from None
    return ray


def _check_address(address: str) -> None:
    """Checks that somebody listens there, for which Ray itself would wait long.

    Raises:
        ConfigError: Nobody does.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise ConfigError(f"--address must be HOST:PORT of a Ray cluster's head, got {address!r}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"no Ray cluster at {address} ({error}): start one there with ray start, or leave "
            "--address out to use this machine"
        ) from None


def _quieten(ray: Any) -> None:
    """Leaves the terminal to the command."""
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    with _unwarned():  # of its own older settings
        context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1  # what is missing is tried again, then told


@contextlib.contextmanager
def _stderr_held() -> Iterator[None]:
    """Keeps from stderr what Ray's own processes and its C++ part say while it starts."""
    try:
        before = os.dup(2)
    except OSError:  # closed
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(nothing)
        os.close(before)


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
