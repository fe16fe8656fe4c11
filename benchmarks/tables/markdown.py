"""What every table is made of."""

from collections.abc import Iterable


def markdown(header: str, rows: Iterable[str]) -> str:
    """Returns a table from lines whose cells are parted by " | "."""
    line = " | ".join(["---"] * (header.count(" | ") + 1))
    return "\n".join(f"| {cells} |" for cells in (header, line, *rows))


def largest(values: Iterable[float | None]) -> float | None:
    """Returns the largest of those that are known; None for none."""
    known = [value for value in values if value is not None]
    return max(known) if known else None


def number(value: float | None, form: str) -> str:
    """Returns the value in this form; an empty cell where there is none."""
    return "" if value is None else form.format(value)
