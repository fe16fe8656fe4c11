"""What is printed cannot command a terminal."""

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from rich.console import Console

import sidelight.cli
from sidelight.cli.progress import progress_bar
from sidelight.cli.streams import printable


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("A dog on a beach, caf\xe9, \u72ac, \U0001f415\u200d\U0001f9ba", None),
        ("C:\\photos", None),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("A dog.\nsidelight: done\r", r"A dog.\nsidelight: done\r"),
        ("\x9b31m \x7f \x00\t", r"\x9b31m \x7f \x00\t"),
        ("gpj.\u202egnp", r"gpj.\u202egnp"),
        ("a\u2028b\u2029c\u2066d\u200fe\udce9", r"a\u2028b\u2029c\u2066d\u200fe\udce9"),
    ],
)
def test_only_what_a_terminal_would_obey_is_escaped(text, printed):
    assert printable(text) == (text if printed is None else printed)


def test_every_command_prints_through_the_one_place():
    for path in Path(sidelight.cli.__file__).parent.glob("*.py"):
        if path.name != "streams.py":
            source = path.read_text("utf-8")
            assert "echo(" not in source, path
            assert "print(" not in source.replace("_print(", ""), path


def test_a_progress_bar_shows_names_as_they_are(monkeypatch):
    shown = Console(file=(stream := TextIOWrapper(BytesIO(), "utf-8")), force_terminal=False)
    with progress_bar() as progress:
        progress.add_task("[/red] \x1b[2J")
        shown.print(progress.make_tasks_table(progress.tasks))
    stream.seek(0)
    assert r"[/red] \x1b[2J" in stream.read()
