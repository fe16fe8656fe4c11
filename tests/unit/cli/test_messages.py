"""What is printed cannot command a terminal."""

from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from rich.console import Console

import sidelight.cli
from sidelight.cli import progress as progress_module
from sidelight.cli.messages import count, printable
from sidelight.cli.progress import Counted, progress_bar


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


def test_one_of_a_kind_is_told_as_one():
    assert [count(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_every_command_prints_through_the_one_place():
    for path in Path(sidelight.cli.__file__).parent.glob("*.py"):
        if path.name != "messages.py":
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


def test_a_line_is_never_printed_behind_the_bar(monkeypatch, capsys):
    console = Console(file=(stream := StringIO()), force_terminal=True, width=80)
    monkeypatch.setattr(progress_module, "Console", lambda **_: console)
    now = [0.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])
    with Counted(2) as counted:
        now[0] = 0.01
        for line in ("one", "two"):
            counted.clear()
            stream.write(line + "\n")
            counted.advance()
    for line in ("one", "two"):
        before = stream.getvalue().partition(line)[0]
        assert before.endswith("\r\x1b[2K")
    assert "2/2" in stream.getvalue()
    assert "2 of 2 pictures in 0.0 s, " in capsys.readouterr().err


def test_a_log_hears_of_the_rate_and_the_time_left(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])
    with Counted(100) as counted:
        for second in (1, 20, 40, 50, 80):
            now[0] = second
            counted.advance()
    assert capsys.readouterr().err.splitlines() == [
        "3 of 100 pictures in 40.0 s, 0.07 per second, 1293 s left",
        "5 of 100 pictures in 80.0 s, 0.06 per second, 1520 s left",
        "5 of 100 pictures in 80.0 s, 0.06 per second, 1520 s left",
    ]
