"""What a judge chose, as the page exports it: read strictly."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sidelight.errors import ConfigError
from sidelight.strict_json import from_json

FORMAT, VERSION = "sidelight-judgements", 1
_HEAD = {
    "format": str, "version": int, "comparison": str, "title": str, "question": str,
    "rounds": int, "labels": dict, "seed": int, "draw": int, "started": str, "exported": str,
    "choices": list,
}  # fmt: skip
_CHOICE = {
    "picture": str, "round": int, "left": str, "right": str, "choice": str, "seconds": float,
    "at": str, "device_pixel_ratio": float,
}  # fmt: skip
_AGAIN = "export it again from the page"

Outcome = Literal["a", "b", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer."""

    picture: str
    round: int
    outcome: Outcome
    """The side that was chosen, wherever it stood; none for no difference."""
    is_left: bool | None
    """Whether what was chosen stood left; None for no difference."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgements:
    """All answers of one sitting."""

    comparison: str
    """The folder that was judged, by its digest."""
    question: str
    labels: tuple[str, str]
    """What a and b are called."""
    draw: int
    """Of the order and the sides; with the comparison it tells sittings apart."""
    choices: tuple[Choice, ...]


def read_judgements(path: Path) -> Judgements:
    """Returns what the page exported into a file.

    Raises:
        ConfigError: It is no such export, or a damaged one.
    """
    try:
        return _parse(from_json(path.read_bytes()))
    except ValueError as error:  # ConfigError is one, as is what is not JSON
        raise ConfigError(f"{path}: {error}; {_AGAIN}") from None


def _parse(value: Any) -> Judgements:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ConfigError(f"not the choices of a comparison page, expected format {FORMAT!r}")
    if value.get("version") != VERSION:
        raise ConfigError(f"version {value.get('version')!r}; this release reads {VERSION}")
    _check_keys(value, _HEAD, "the file")
    labels = value["labels"]
    _check_keys(labels, {"a": str, "b": str}, "labels")
    if labels["a"] == labels["b"]:
        raise ConfigError(f"both labels are {labels['a']!r}, expected two names")
    choices = tuple(_choice(c, f"choices[{k}]") for k, c in enumerate(value["choices"]))
    seen: set[tuple[str, int]] = set()
    for k, choice in enumerate(choices):
        asked = (choice.picture, choice.round)
        if asked in seen or not 1 <= choice.round <= value["rounds"]:
            raise ConfigError(
                f"choices[{k}] is round {choice.round} of {choice.picture!r}, expected each of "
                f"rounds 1 to {value['rounds']} once at most"
            )
        seen.add(asked)
    return Judgements(
        comparison=value["comparison"],
        question=value["question"],
        labels=(labels["a"], labels["b"]),
        draw=value["draw"],
        choices=choices,
    )


def _choice(value: Any, place: str) -> Choice:
    _check_keys(value, _CHOICE, place)
    if {value["left"], value["right"]} != {"a", "b"}:
        raise ConfigError(
            f"{place} has {value['left']!r} left and {value['right']!r} right, expected a and b"
        )
    if value["choice"] not in ("left", "right", "none"):
        raise ConfigError(f"{place}.choice is {value['choice']!r}, expected left, right or none")
    if value["seconds"] < 0:
        raise ConfigError(f"{place}.seconds is {value['seconds']}, expected 0 or more")
    is_decided = value["choice"] != "none"
    return Choice(
        picture=value["picture"],
        round=value["round"],
        outcome=value[value["choice"]] if is_decided else "none",
        is_left=value["choice"] == "left" if is_decided else None,
        seconds=float(value["seconds"]),
    )


def _check_keys(value: Any, expected: dict[str, type], place: str) -> None:
    if not isinstance(value, dict):
        raise ConfigError(f"{place} is {value!r}, expected an object")
    if lacking := sorted(expected.keys() - value.keys()):
        raise ConfigError(f"{place} lacks {', '.join(lacking)}")
    if alien := sorted(value.keys() - expected.keys()):
        raise ConfigError(f"{place} has {', '.join(map(repr, alien))}, which no page writes")
    for key, kind in expected.items():
        if not _is_a(value[key], kind):
            raise ConfigError(f"{place}: {key} is {value[key]!r}, expected a {_KINDS[kind]}")


_KINDS = {
    str: "text", int: "whole number", float: "finite number", dict: "object", list: "list",
}  # fmt: skip


def _is_a(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    if kind is float:
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, kind)
