"""Which pictures belong together: an original and its two versions, by their files' names."""

import glob
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sidelight.errors import ConfigError
from sidelight.globs import all_matches
from sidelight.pixels.suffixes import is_named_as_picture

_LABEL_SIGN = "="
_MOST_NAMED = 10
_SLT = ".slt"
_DECODE_FIRST = "decode .slt files first (sidelight decode) and give what that wrote"


class Trio(NamedTuple):
    """One picture of a comparison, as files."""

    name: str
    """What the three files' names have in common: all but the suffix."""
    original: Path
    a: Path
    b: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One side of a comparison: what it is called, and its pictures."""

    label: str
    pictures: Mapping[str, Path]


def find_series(places: Sequence[str]) -> Series:
    """Returns the pictures of folders, globs and files; ``LABEL=PLACE`` names them.

    A place that exists as it is written has no label. Without one, the series is called after its
    first folder.

    Raises:
        ConfigError: No picture is there, two share a name, or two labels are given.
    """
    split = [_split_label(place) for place in places]
    labels = list(dict.fromkeys(label for label, _ in split if label))
    if len(labels) > 1:
        raise ConfigError(f"one side has the labels {labels[0]!r} and {labels[1]!r}; give one")
    pictures = find_pictures([place for _, place in split])
    first = Path(split[0][1])
    folder = first if first.is_dir() else next(iter(pictures.values())).parent
    return Series(label=labels[0] if labels else folder.resolve().name or "/", pictures=pictures)


def find_pictures(places: Sequence[str]) -> dict[str, Path]:
    """Returns the pictures of folders, globs and files by their names without suffix.

    Raises:
        ConfigError: No picture is there, or two share a name.
    """
    found: dict[str, Path] = {}
    for place in places:
        for path in _files_of(place):
            other = found.setdefault(path.stem, path)
            if other != path:
                raise ConfigError(
                    f"{other} and {path} have the same name; give one picture of each name"
                )
    return found


def match(originals: Mapping[str, Path], a: Series, b: Series) -> list[Trio]:
    """Returns each original with its two versions, in the order of their names.

    Raises:
        ConfigError: The labels are the same, or pictures lack partners.
    """
    if a.label == b.label:
        raise ConfigError(
            f"both sides are called {a.label!r}; name them, as in --a NAME=FOLDER --b OTHER=FOLDER"
        )
    sides = {"--of": originals, "--a": a.pictures, "--b": b.pictures}
    names = sorted(set().union(*sides.values()))
    lacking = {name: [s for s, found in sides.items() if name not in found] for name in names}
    alone = [f"{name} (not in {', '.join(where)})" for name, where in lacking.items() if where]
    if alone:
        raise ConfigError(
            f"pictures without partners: {_some(alone)}; every picture must stand in --of, --a and "
            "--b under one name, whatever its suffix"
        )
    return [Trio(name, originals[name], a.pictures[name], b.pictures[name]) for name in names]


def _split_label(place: str) -> tuple[str, str]:
    label, sign, rest = place.partition(_LABEL_SIGN)
    if not sign or Path(place).exists():
        return "", place
    if not label.strip() or not rest:
        raise ConfigError(f"{place!r}: expected LABEL=PLACE with both, or a place alone")
    return label.strip(), rest


def _files_of(place: str) -> list[Path]:
    path = Path(place)
    if path.is_dir():
        return _pictures_among(place, path.iterdir())
    if not path.exists() and glob.has_magic(place):
        return _pictures_among(place, map(Path, all_matches(place)))
    if path.suffix.lower() == _SLT:
        raise ConfigError(f"{place}: {_DECODE_FIRST}")
    if not path.exists():
        raise ConfigError(f"{place}: no such file or folder; give one, or LABEL=PLACE")
    return [path]


def _pictures_among(place: str, paths: Iterable[Path]) -> list[Path]:
    files = sorted(path for path in paths if path.is_file())
    pictures = [path for path in files if is_named_as_picture(path)]
    if not pictures:
        is_coded = any(path.suffix.lower() == _SLT for path in files)
        raise ConfigError(f"{place}: no picture there" + (f"; {_DECODE_FIRST}" if is_coded else ""))
    return pictures


def _some(told: Sequence[str]) -> str:
    more = len(told) - _MOST_NAMED
    return ", ".join(told[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
