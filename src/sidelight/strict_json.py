"""JSON as its standard has it (RFC 8259), so that every reader takes it."""

import json
import math
from typing import Any


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Returns the text of a value.

    Numbers that are not finite, which JSON lacks, become the strings "NaN", "Infinity" and
    "-Infinity", as in the JSON of protocol buffers; ``float`` reads them.
    """
    return json.dumps(_with_finite_numbers(value), indent=indent, allow_nan=False)


def from_json(text: str | bytes) -> Any:
    """Returns the value of a text.

    Raises:
        ValueError: It is not JSON in UTF-8, or nested too deeply to read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _with_finite_numbers(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _with_finite_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_finite_numbers(item) for item in value]
    return value
