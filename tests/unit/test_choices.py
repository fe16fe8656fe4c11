"""What the code cites as a choice stands in docs/choices.md or docs/tgic.md."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
CITING = ("src/**/*.py", "scripts/*", "recipes/**/*.toml", "docs/**/*.md")
NUMBER = re.compile(r"\b[CT]\d{1,2}[a-f]?\b")


def rows(page: str) -> list[str]:
    return re.findall(r"^\| ([CT]\d+[a-f]?) \|", (ROOT / "docs" / page).read_text(), re.MULTILINE)


def cited() -> dict[str, set[str]]:
    """Files by the number that they cite."""
    found: dict[str, set[str]] = {}
    for path in (path for pattern in CITING for path in ROOT.glob(pattern)):
        for number in NUMBER.findall(path.read_text()):
            found.setdefault(number, set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_number_cited_is_a_choice():
    choices = {*rows("choices.md"), *rows("tgic.md")}
    assert {"C5", "C16", "T4"} <= set(cited())  # else nothing is looked at
    assert {number: files for number, files in cited().items() if number not in choices} == {}


def test_every_number_stands_for_one_choice():
    numbers = rows("choices.md")
    assert [number for number, count in Counter(numbers).items() if count > 1] == []


def test_nothing_cites_a_document_that_is_not_here():
    pattern = re.compile(r"\bspec (C?\d|section|invariant)|\(spec[ ,]")
    citing = [
        path for glob in CITING for path in ROOT.glob(glob) if pattern.search(path.read_text())
    ]
    assert citing == []
