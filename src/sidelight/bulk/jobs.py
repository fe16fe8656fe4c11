"""Which files SOURCE and TARGET of a command stand for."""

import glob
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sidelight.bulk.places import is_folder, is_remote, join, listed, plain
from sidelight.bulk.streams import STREAM, is_stream
from sidelight.errors import ConfigError
from sidelight.pixels.names import names_with_suffix

_SHARDS = (".tar", ".parquet")
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
        ConfigError: A folder or glob without a matching file, with a file as TARGET, or with two
            files that would become one; stdin with a folder as TARGET.
    """
    source, target = plain(source), plain(target)
    if not stands_for_several(source):
        return Jobs([Job(source, one_target(source, target, suffix))], False, Counter(), [])
    search = _Search(read_suffixes, Path(target), suffix)
    if is_remote(source):
        places = dict(search.in_store(source))
    else:
        root = Path(source) if Path(source).is_dir() else None
        found = sorted(search.in_folder(root) if root else search.by_pattern(source))
        places = {
            str(path): PurePosixPath(path.relative_to(root) if root else path.name)
            for path in found
        }
    if not places:
        reasons = [f"{place}: {reason}" for place, reason in search.unread]
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
    if not is_remote(target) and (is_stream(target) or Path(target).is_file()):
        raise ConfigError(f"{target} must be a folder, because {source} stands for several files")
    return Jobs(_with_targets(places, target, suffix), True, search.passed_over, search.unread)


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


class _Search:
    """Looks for files to read, and notes what it passes."""

    def __init__(self, read_suffixes: Collection[str], target: Path, suffix: str) -> None:
        self._read_suffixes, self._target, self._suffix = read_suffixes, target, suffix
        self.passed_over: Counter[str] = Counter()
        self.unread: list[tuple[str, str]] = []

    def in_folder(self, root: Path) -> Iterator[Path]:
        target = os.path.realpath(self._target)
        suffixes = set(self._read_suffixes)
        if os.path.realpath(root) == target:
            suffixes.discard(self._suffix)  # what was made here before is no source
        for place, folders, files in os.walk(root, onerror=self._note_error):
            folders[:] = [
                name
                for name in folders
                if os.path.realpath(Path(place, name)) != target
                and not self._is_link(Path(place, name))
            ]
            yield from self._of_kind((Path(place, name) for name in files), suffixes)

    def by_pattern(self, pattern: str) -> Iterator[Path]:
        # Path.glob takes no absolute pattern
        matches = sorted(glob.glob(pattern, recursive=True), key=lambda m: (m.count("/"), m))  # noqa: PTH207
        # links to folders are followed, and may lead in a circle
        once = {
            (os.path.realpath(place), name): Path(place, name)
            for place, name in map(os.path.split, reversed(matches))
        }
        files = [path for path in once.values() if not path.is_dir()]
        asked = Path(pattern).suffix
        if asked and not glob.has_magic(asked):
            yield from files  # whoever names a suffix knows what is in there
        else:
            yield from self._of_kind(iter(files), self._read_suffixes)

    def in_store(self, address: str) -> Iterator[tuple[str, PurePosixPath]]:
        """Yields each file's address, and where it stands."""
        for full, name in listed(address):
            place = PurePosixPath(name)
            if place.name.startswith(_FOREIGN_PREFIX):
                self.passed_over[_FOREIGN_PREFIX + "*"] += 1
            elif place.suffix.lower() in self._read_suffixes:
                yield full, place
            else:
                self.passed_over[place.suffix.lower() or "no suffix"] += 1

    def _of_kind(self, files: Iterator[Path], suffixes: Collection[str]) -> Iterator[Path]:
        for path in files:
            if path.name.startswith(_FOREIGN_PREFIX):
                self.passed_over[_FOREIGN_PREFIX + "*"] += 1
            elif path.suffix.lower() in suffixes and (path.is_file() or path.is_symlink()):
                yield path  # a link to nothing fails by itself
            else:
                self.passed_over[path.suffix.lower() or "no suffix"] += 1

    def _is_link(self, folder: Path) -> bool:
        if folder.is_symlink():
            self.unread.append((str(folder), "linked folders are not followed; give it by itself"))
            return True
        return False

    def _note_error(self, error: OSError) -> None:
        self.unread.append((str(error.filename), error.strerror or str(error)))


def _with_targets(places: dict[str, PurePosixPath], target: str, suffix: str) -> list[Job]:
    """Returns the jobs; ``places`` says where each file stands below TARGET."""
    in_folder: dict[PurePosixPath, dict[str, str]] = defaultdict(dict)
    for path, place in places.items():
        other = in_folder[place.parent].setdefault(place.name, path)
        if other != path:
            raise ConfigError(
                f"{other} and {path} would both become "
                f"{join(target, *place.with_suffix(suffix).parts)}; "
                "give their common folder, whose tree is kept"
            )
    made = {folder: names_with_suffix(names, suffix) for folder, names in in_folder.items()}
    return [
        Job(path, join(target, *place.parent.parts, made[place.parent][place.name]))
        for path, place in places.items()
    ]
