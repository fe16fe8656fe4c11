"""The choices of several judges together, in numbers and as a table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidelight.compare.interval import LEVEL, Share, wilson
from sidelight.compare.judgements import Judgements, Outcome, read_judgements
from sidelight.errors import ConfigError

_OUTCOMES: tuple[Outcome, ...] = ("a", "b", "none")
_NONE = "no difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What all judges chose."""

    question: str
    labels: tuple[str, str]
    num_judges: int
    pictures: dict[str, Counter[str]]
    """Of each picture, how often a, b and none were chosen."""
    num_left: int
    """How often what was chosen stood left: half of them, if the place did not matter."""

    def count(self, outcome: Outcome) -> int:
        """Returns how often a, b or none was chosen."""
        return sum(counts[outcome] for counts in self.pictures.values())

    @property
    def num_decided(self) -> int:
        """Choices other than no difference."""
        return self.count("a") + self.count("b")

    @property
    def share(self) -> Share | None:
        """How much of the decided choices went to a; None where nothing was decided."""
        return wilson(self.count("a"), self.num_decided)

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it, for JSON."""
        share = self.share
        return {
            "question": self.question,
            "labels": dict(zip(("a", "b"), self.labels, strict=True)),
            "judges": self.num_judges,
            "choices": {outcome: self.count(outcome) for outcome in _OUTCOMES},
            "decided": self.num_decided,
            "chosen_left": self.num_left,
            "a_of_decided": None if share is None else share._asdict(),
            "level": LEVEL,
            "interval": "wilson",
            "pictures": [
                {"picture": name, **{outcome: counts[outcome] for outcome in _OUTCOMES}}
                for name, counts in self.pictures.items()
            ],
        }

    def lines(self) -> Iterator[str]:
        """Yields a table for people."""
        a, b = self.labels
        yield f"{a} against {b}: {self.question}"
        num = self.num_decided + self.count("none")
        yield f"{_counted(self.num_judges, 'judge')}, {_counted(num, 'choice')}"
        rows: list[tuple[str, ...]] = [("picture", a, b, _NONE)]
        rows += [(n, *(str(c[o]) for o in _OUTCOMES)) for n, c in self.pictures.items()]
        rows.append(("all", *(str(self.count(outcome)) for outcome in _OUTCOMES)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, *counts in rows:
            cells = (c.rjust(w) for c, w in zip(counts, widths[1:], strict=True))
            yield "  ".join((name.ljust(widths[0]), *cells))
        share = self.share
        if share is None:
            yield f"{_NONE} in all choices: nothing to take a share of"
            return
        yield (
            f"{a}: {share.value:.1%} of {_counted(self.num_decided, 'decided choice')}, "
            f"{LEVEL:.0%} interval {share.low:.1%} to {share.high:.1%} "
            f"(Wilson; {_NONE} is left out)"
        )
        if share.low <= 0.5 <= share.high:
            yield "the interval holds 50 %: these choices prefer neither"


def pool(paths: Sequence[Path]) -> Pooled:
    """Returns the choices of all files together.

    Raises:
        ConfigError: A file is damaged, two are of one sitting, or they are of other comparisons.
    """
    read = [(path, read_judgements(path)) for path in paths]
    first_path, first = read[0]
    sittings: dict[tuple[str, int], Path] = {}
    pictures: dict[str, Counter[str]] = {}
    for path, judged in read:
        _check_alike(first_path, first, path, judged)
        sitting = (judged.comparison, judged.draw)
        if other := sittings.get(sitting):
            raise ConfigError(f"{other} and {path} are of one sitting; give the later one alone")
        sittings[sitting] = path
        for choice in judged.choices:
            pictures.setdefault(choice.picture, Counter())[choice.outcome] += 1
    return Pooled(
        question=first.question,
        labels=first.labels,
        num_judges=len(sittings),
        pictures=dict(sorted(pictures.items())),
        num_left=sum(bool(c.is_left) for _, judged in read for c in judged.choices),
    )


def _check_alike(first_path: Path, first: Judgements, path: Path, judged: Judgements) -> None:
    for what in ("labels", "question"):
        mine, other = getattr(first, what), getattr(judged, what)
        if mine != other:
            told = [v if isinstance(v, str) else " and ".join(v) for v in (mine, other)]
            raise ConfigError(
                f"{what} of {first_path}: {told[0]}; of {path}: {told[1]}; pool each comparison by "
                "itself"
            )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
