"""Names of files that are made of other files: no two alike, whoever else is there."""

import unicodedata
from collections import Counter
from collections.abc import Collection
from itertools import count
from pathlib import PurePath


def names_with_suffix(
    names: Collection[str], suffix: str, *, taken: Collection[str] = ()
) -> dict[str, str]:
    """Returns for each file of one folder the name of what is made of it.

    The suffix is replaced where only one file could become that, else one is added: a.jpg and
    a.png become a.jpg.slt and a.png.slt. Names that differ in case or in Unicode's form only count
    as alike, because some systems hold them so.

    Args:
        names: Of all files that are converted.
        suffix: Of the new ones, with the dot.
        taken: Further names that none may have.
    """
    stems = Counter(_folded(PurePath(name).stem) for name in names)
    whole = {_folded(name) for name in names}
    used = {_folded(name) for name in taken}
    made = {}
    for name in sorted(names):
        stem = PurePath(name).stem
        # b.png would become b.slt, but so might a file named b
        is_only = stems[_folded(stem)] == 1 and _folded(stem) not in whole
        candidates = [stem + suffix] if is_only else []
        made[name] = _first_free([*candidates, name + suffix], used, name, suffix)
        used.add(_folded(made[name]))
    return made


def _first_free(candidates: list[str], used: set[str], name: str, suffix: str) -> str:
    for candidate in candidates:
        if _folded(candidate) not in used:
            return candidate
    numbered = (f"{name}-{number}{suffix}" for number in count(2))
    return next(candidate for candidate in numbered if _folded(candidate) not in used)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
