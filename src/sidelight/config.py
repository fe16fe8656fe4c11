"""Settings: frozen dataclasses that read tables strictly."""

import dataclasses
import math
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin

from sidelight.errors import ConfigError

_LARGEST_NUMBER = 2**63 - 1
_MOST_CHANNELS = 2**16


class StrictConfig:
    """Gives a frozen dataclass ``to_dict`` and a ``from_dict`` that refuses unknown keys."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as plain dicts, lists, strings and numbers."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Builds the config from what ``to_dict`` or a TOML table gives.

        Raises:
            ConfigError: A key is unknown or missing, or a value of another type or out of range.
        """
        fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(set(values) - set(fields)):
            raise ConfigError(f"unknown key {unknown[0]!r}, expected one of {sorted(fields)}")
        required = {n for n, f in fields.items() if _has_no_default(f)}
        if missing := sorted(required - set(values)):
            raise ConfigError(f"key {missing[0]!r} is missing")
        return cls(**{n: _convert(n, fields[n].type, value) for n, value in values.items()})


def _has_no_default(f: "dataclasses.Field[Any]") -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _convert(name: str, kind: Any, value: Any) -> Any:
    """Returns ``value`` as the field's type: tables become configs, lists become tuples."""
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{name} must be a list, got {value!r}")
        return tuple(_convert(name, get_args(kind)[0], item) for item in value)
    if isinstance(kind, UnionType):
        if isinstance(value, kind):
            return value
        kind = next(option for option in get_args(kind) if option is not NoneType)
    if isinstance(kind, type) and issubclass(kind, StrictConfig) and isinstance(value, Mapping):
        return kind.from_dict(value)
    if kind is float and isinstance(value, int) and abs(value) <= _LARGEST_NUMBER:
        value = float(value)
    if kind is float and isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name} must be finite, got {value}")
    # Python takes true for 1
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise ConfigError(f"{name} must be {getattr(kind, '__name__', kind)}, got {value!r}")
    return value


def check_counts(config: Any, *may_be_zero: str) -> None:
    """Checks that all whole numbers of a config can be those of a network.

    Raises:
        ConfigError: One is too small or too large.
    """
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        least = 0 if f.name in may_be_zero else 1
        for number in value if isinstance(value, tuple) else (value,):
            if type(number) is not int or least <= number <= _MOST_CHANNELS:
                continue
            bound = f">= {least}" if number < least else f"<= {_MOST_CHANNELS}"
            raise ConfigError(f"{f.name} must be {bound}, got {number}")
