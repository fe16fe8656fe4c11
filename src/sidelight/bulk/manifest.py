"""What became of each picture, in JSON lines, so that a run that was cut goes on where it was.

A row is added after its file is there, in one write. A run that goes on leaves alone what a row
vouches for: the source has the size and time of change that it had, the options are the same, and
the target has the size that was written. Rows that are there before the work begins tell whose a
file is that a cut run left behind: one of which no row tells is not replaced unasked. A digest of
each source is kept for whoever wants to know what was coded; it is not computed again to go on,
which would mean reading everything.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sidelight.bulk.coding import Coding, Record
from sidelight.bulk.jobs import Job
from sidelight.bulk.places import existing, is_folder, stat
from sidelight.claim import claimed_file
from sidelight.errors import ConfigError, reason_of
from sidelight.files import append_whole
from sidelight.strict_json import from_json, to_json

if TYPE_CHECKING:
    from sidelight.bulk.shards import ShardDone

_NEEDED = ("source", "target", "size", "mtime_ns", "written", "options")
_ROW_STARTS = (b'{"source": ', b'{"shard": ')
_FOLDER = -1
"""Written into one, whose files tell their sizes in rows of their own."""
_NOT_YET = "not done yet"
_AT_ONCE = 10_000
"""Rows of jobs to come that are written at once."""


class Manifest:
    """The rows of one file; to be had from ``opened``."""

    def __init__(self, path: Path, options: str) -> None:
        self._path, self._options = path, options
        self._vouched: dict[str, bytes] = {}
        """By target, a short digest of what must still be so: ten million fit into memory.

        Empty for what is listed and not vouched for.
        """
        self._read()

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path, coding: Coding) -> Iterator[Self]:
        """Yields the manifest, which nobody else may write to meanwhile.

        Args:
            path: A new file, or one that an earlier run has left.
            coding: What is to be done; pictures coded with other options are coded again.

        Raises:
            ConfigError: Another process writes to it, or it is no manifest.
        """
        with claimed_file(path):
            yield cls(path, _digest_of_options(coding))

    def vouches_for(self, job: Job) -> bool:
        """Returns whether a job was done, with these options, and its files are as they were."""
        vouched = self._vouched.get(job.target)
        if not vouched:
            return False
        try:
            source, target = stat(job.source), stat(job.target)
        except OSError:
            return False
        written = _FOLDER if is_folder(job.target) else target.size
        facts = job.source, *source, written, self._options
        return _digest(facts) == vouched

    def tells_of(self, job: Job) -> bool:
        """Returns whether a row tells of a job's target, done or not."""
        return job.target in self._vouched

    def begin(self, jobs: Iterable[Job], *, force: bool) -> None:
        """Tells of jobs that are to be done, so that whatever comes, their files are known.

        Args:
            jobs: All that this run will do.
            force: Whether files may be replaced that no earlier run has made.

        Raises:
            ConfigError: There are such files, and they may not. Nothing is told then.
        """
        new = [job for job in jobs if not self.tells_of(job)]
        if not force and (there := existing(job.target for job in new)):
            more = f" and {len(there) - 1} more exist" if len(there) > 1 else " exists"
            raise ConfigError(
                f"{min(there)}{more}, of which {self._path} does not tell; give --force to replace "
                "what is there, or another folder"
            )
        rows = ({**j._asdict(), "options": self._options, "error": _NOT_YET} for j in new)
        while told := "".join(to_json(row) + "\n" for row in islice(rows, _AT_ONCE)):
            append_whole(self._path, told.encode())

    def add(self, record: Record) -> None:
        """Tells that a job is done, by the record that ``FileWork`` made for a manifest."""
        told = {key: value for key, value in record.items() if key != "notes"}
        self._append({**told, "options": self._options, "error": None})

    def add_failure(self, job: Job, error: Exception) -> None:
        """Tells that a job failed; it will be tried again."""
        failed = {**job._asdict(), "options": self._options, "error": reason_of(error)}
        self._append(failed)

    def add_shard(self, done: "ShardDone") -> None:
        """Tells of a shard and of each of its rows, once its file is there."""
        rows = [{"shard": done.job.source, **row} for row in done.rows]
        shard = {
            **done.job._asdict(),
            "pictures": done.num_coded,
            "failed": len(done.rows) - done.num_coded,
            "size": done.stat.size,
            "mtime_ns": done.stat.changed_ns,
            "written": done.written,
            "seconds": done.seconds,
            "options": self._options,
            "error": None if done.error is None else reason_of(done.error),
        }
        append_whole(self._path, "".join(to_json(r) + "\n" for r in (*rows, shard)).encode())

    def _append(self, row: Record) -> None:
        append_whole(self._path, (to_json(row) + "\n").encode())

    def _read(self) -> None:
        data = self._path.read_bytes()
        end = data.rfind(b"\n") + 1
        if not _is_begun_row(data[end:]):
            end = len(data)
        for number, line in enumerate(data[:end].splitlines(), 1):
            try:
                self._take(from_json(line))
            except (ValueError, TypeError, KeyError) as error:
                raise ConfigError(
                    f"{self._path}: line {number} is no row of a manifest ({error}); name another "
                    "file, or take the line out"
                ) from None
        if end < len(data):  # the machine stopped in the middle of a row
            with self._path.open("r+b") as stream:
                stream.truncate(end)

    def _take(self, row: dict[str, Any]) -> None:
        if "shard" in row:
            return
        if row["error"] is not None:
            self._vouched[row["target"]] = b""
            return
        source, target, size, changed, written, options = (row[key] for key in _NEEDED)
        self._vouched[target] = _digest((source, size, changed, written, options))


def _is_begun_row(data: bytes) -> bool:
    """Returns whether what stands behind the last whole line may be one of ours, cut short."""
    return any(start.startswith(data[: len(start)]) for start in _ROW_STARTS)


def _digest(facts: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(to_json(facts).encode()).digest()[:12]


def _digest_of_options(coding: Coding) -> str:
    """Returns what tells options apart: by their names and values, in the order of the names."""
    options = {each.name: getattr(coding, each.name) for each in fields(coding) if each.compare}
    named = {"coding": type(coding).__name__, **dict(sorted(options.items()))}
    return hashlib.sha256(to_json(named).encode()).hexdigest()[:16]
