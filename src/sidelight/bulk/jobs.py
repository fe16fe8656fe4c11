"""Which files SOURCE and TARGET of a command stand for."""

import glob
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sidelight.bulk.places import answer_of, existing, is_folder, is_remote, join, listed, plain
from sidelight.bulk.streams import STREAM, is_stream
from sidelight.errors import ConfigError
from sidelight.globs import matches
from sidelight.pixels.names import names_with_suffix

_SHARDS = (".tar", ".parquet")
_END_TO_END = ".slt"
_FOREIGN_PREFIX = "._"
"""Of the files that macOS leaves beside others; they hold no picture, whatever their suffix."""


class Job(NamedTuple):
    """One file to read and one to write; either may be ``-``."""

    source: str
    target: str


class Jobs(NamedTuple):
    """What there is to do, and what was found beside it."""

    jobs: list[Job]
    several: bool
    """Whether SOURCE is a folder or a glob, even one that holds a single file."""
    passed_over: Counter[str]
    """How many files of which suffix are of no kind that the command reads."""
    unread: list[tuple[str, str]]
    """Folders that were not looked into, and why."""


def find_jobs(source: str, target: str, *, read_suffixes: Collection[str], suffix: str) -> Jobs:
    """Returns the jobs that SOURCE and TARGET stand for.

    A folder keeps its tree below TARGET; a glob puts its matches straight into TARGET. What lies in
    TARGET, if that is inside of the folder, is not read again.

    Args:
        source: A file, a folder, a glob, or ``-``; all but ``-`` may be addresses.
        target: A file for one source, else a folder.
        read_suffixes: Which files of a folder count, in lower case with the dot.
        suffix: Of the files to write, with the dot.

    Raises:
        ConfigError: A folder or glob without a matching file, with a TARGET that can be no folder,
            or with two files that would become one; stdin with a folder as TARGET.
        OSError: The one file is not there.
    """
    source, target = plain(source), plain(target)
    if not stands_for_several(source):
        check_there(source)
        return Jobs([Job(source, one_target(source, target, suffix))], False, Counter(), [])
    search = _Search(read_suffixes, Path(target), suffix)
    if is_remote(source):
        found = search.in_store(source)
    elif Path(source).is_dir():
        found = search.in_folder(Path(source))
    else:
        found = search.by_pattern(source)
    jobs = _with_targets(found, target, suffix)
    if not jobs:
        reasons = [f"{place}: {reason}" for place, reason in search.unread]
        if search.skips_made and search.passed_over[suffix]:
            reasons.append(
                f"{search.passed_over[suffix]} {suffix} files count as made there before, because "
                "it is TARGET too"
            )
        shards = [f"'{join(source, '*' + kind)}'" for kind in _SHARDS if search.passed_over[kind]]
        if shards:
            reasons.append(f"it holds shards, to be given as {' or '.join(shards)}")
        raise ConfigError(
            "; ".join(
                [
                    f"{source}: no file to read, expected {', '.join(sorted(read_suffixes))}",
                    *reasons,
                ]
            )
        )
    check_folder(target, f"must be a folder, because {source} stands for several files")
    return Jobs(jobs, True, search.passed_over, search.unread)


def check_there(source: str) -> None:
    """Looks for a file before anything is said of what it is to become.

    Raises:
        OSError: It is not there.
    """
    if not (source == STREAM or is_remote(source)):
        Path(source).stat()


def check_not_source(job: Job) -> None:
    """Looks whether a job would write over what it reads, under this name or another.

    Raises:
        ConfigError: It would.
    """
    source, target = job
    is_source = source == target != STREAM
    if not (STREAM in job or is_remote(source) or is_remote(target)):
        is_there = Path(source).exists() and Path(target).exists()
        is_source = is_there and Path(source).samefile(target)
    if is_source:
        raise ConfigError(f"{target} is the source itself, which would be lost; name another")


def among_sources(jobs: Collection[Job]) -> set[str]:
    """Returns targets that exist in folders of sources: nobody can tell them from sources there."""
    sources = {os.path.realpath(folder) for folder in {Path(job.source).parent for job in jobs}}
    targets = {Path(job.target).parent for job in jobs}
    shared = {folder for folder in targets if os.path.realpath(folder) in sources}
    return existing(job.target for job in jobs if Path(job.target).parent in shared)


def check_folder(target: str, told: str) -> None:
    """Looks whether TARGET may be a folder, one that is there or one to be made.

    Args:
        target: A path or an address; with a slash at its end it is one, whatever its name.
        told: What it must be, and why.

    Raises:
        ConfigError: It is a file or a stream, lies below a file, or has a picture's name.
    """
    from sidelight.pixels.suffixes import picture_suffixes  # with Pillow, not for --help

    is_new = not (target.endswith("/") or is_folder(target))
    if is_new and PurePosixPath(target).suffix.lower() in {_END_TO_END, *picture_suffixes()}:
        raise ConfigError(f"{target} {told}; this is a picture's name")
    if is_remote(target):
        return
    if is_stream(target) or Path(target).is_file():
        raise ConfigError(f"{target} {told}")
    for place in Path(target).parents:
        if place.is_file():
            raise ConfigError(f"{target} cannot be a folder: {place} is a file; name another")


def stands_for_several(source: str) -> bool:
    """Returns whether a source is a folder or a glob."""
    if is_remote(source):
        return "*" in source or is_folder(source)
    path = Path(source)
    return path.is_dir() or (source != STREAM and not path.exists() and glob.has_magic(source))


def one_target(source: str, target: str, suffix: str) -> str:
    """Returns the file to write for one source.

    Raises:
        ConfigError: It is to go into a folder, and stdin has no name.
    """
    if not (target.endswith("/") or is_folder(target)):
        return target
    if source == STREAM:
        raise ConfigError(f"{target} is a folder; name a file, because stdin has no name")
    return join(target, PurePosixPath(source).with_suffix(suffix).name)


class _Found(NamedTuple):
    """A file, and where it stands below TARGET."""

    path: str
    folder: str
    """Relative, "" for TARGET itself."""
    name: str


class _Search:
    """Looks for files to read, and notes what it passes."""

    def __init__(self, read_suffixes: Collection[str], target: Path, suffix: str) -> None:
        self._read_suffixes, self._target, self._suffix = read_suffixes, target, suffix
        self.passed_over: Counter[str] = Counter()
        self.unread: list[tuple[str, str]] = []
        self.skips_made = False
        """Whether files that have the suffix already are passed over."""

    def in_folder(self, root: Path) -> Iterator[_Found]:
        target = os.path.realpath(self._target)
        suffixes = set(self._read_suffixes)
        if os.path.realpath(root) == target:
            suffixes.discard(self._suffix)  # what was made here before is no source
            self.skips_made = True
        for place, folders, files in os.walk(root, onerror=self._note_error):
            folders[:] = [
                name
                for name in folders
                if os.path.realpath(Path(place, name)) != target
                and not self._is_link(Path(place, name))
            ]
            folder = "/".join(Path(place).relative_to(root).parts)
            for path in self._of_kind((Path(place, name) for name in files), suffixes):
                yield _Found(str(path), folder, path.name)

    def by_pattern(self, pattern: str) -> Iterator[_Found]:
        found, closed = matches(pattern)
        self.unread += closed
        found.sort(key=lambda path: path.count("/"))
        # links to folders are followed, and may lead in a circle
        once = {
            (os.path.realpath(place), name): Path(place, name)
            for place, name in map(os.path.split, reversed(found))
        }
        files = [path for path in once.values() if not answer_of(path.is_dir, if_refused=False)]
        asked = Path(pattern).suffix
        if not asked or glob.has_magic(asked):  # whoever names a suffix knows what is in there
            files = list(self._of_kind(iter(files), self._read_suffixes))
        for path in sorted(files):
            yield _Found(str(path), "", path.name)

    def in_store(self, address: str) -> Iterator[_Found]:
        for full, name in listed(address):
            place = PurePosixPath(name)
            if place.name.startswith(_FOREIGN_PREFIX):
                self.passed_over[_FOREIGN_PREFIX + "*"] += 1
            elif place.suffix.lower() in self._read_suffixes:
                yield _Found(full, name.rpartition("/")[0], place.name)
            else:
                self.passed_over[place.suffix.lower() or "no suffix"] += 1

    def _of_kind(self, files: Iterator[Path], suffixes: Collection[str]) -> Iterator[Path]:
        for path in files:
            if path.name.startswith(_FOREIGN_PREFIX):
                self.passed_over[_FOREIGN_PREFIX + "*"] += 1
            elif path.suffix.lower() in suffixes and (
                answer_of(path.is_file, if_refused=True) or path.is_symlink()
            ):
                yield path  # what cannot be looked at, or is a link to nothing, fails by itself
            else:
                self.passed_over[path.suffix.lower() or "no suffix"] += 1

    def _is_link(self, folder: Path) -> bool:
        if answer_of(folder.is_symlink, if_refused=False):
            self.unread.append((str(folder), "linked folders are not followed; give it by itself"))
            return True
        return False

    def _note_error(self, error: OSError) -> None:
        self.unread.append((str(error.filename), error.strerror or str(error)))


def _with_targets(found: Iterable[_Found], target: str, suffix: str) -> list[Job]:
    """Returns the jobs in the order of their sources; names are all that is kept of each."""
    in_folder: dict[str, dict[str, str]] = defaultdict(dict)
    for path, folder, name in found:
        other = in_folder[folder].setdefault(name, path)
        if other != path:
            made = PurePosixPath(name).with_suffix(suffix).name
            raise ConfigError(
                f"{other} and {path} would both become {join(target, made)}; "
                "give their common folder, whose tree is kept"
            )
    jobs = []
    while in_folder:
        folder, names = in_folder.popitem()
        place = join(target, *folder.split("/")) if folder else target
        made_of = names_with_suffix(names, suffix)
        jobs += [Job(path, join(place, made_of[name])) for name, path in names.items()]
    jobs.sort(key=lambda job: job.source.replace("/", "\0"))  # folder by folder, as paths sort
    return jobs
