"""What the commands print.

Names, captions and messages may come from anybody's files. Everything that is printed passes
``printable`` here, so that no file can move the cursor, forge a line or turn the text around.
"""

import re

import typer

# controls of both blocks and DEL, what turns the direction of text, line and paragraph ends, lone
# surrogates
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def show(line: str, *, to_stderr: bool = False) -> None:
    """Prints a line of results to stdout, or to stderr where stdout carries the file."""
    typer.echo(printable(line), err=to_stderr)


def say(line: str) -> None:
    """Prints to stderr what a person may want to know."""
    show(line, to_stderr=True)


def count(number: int, noun: str) -> str:
    """Returns a number of things, such as "1 picture" or "2 pictures"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """Returns the text in one line, with every character that a terminal would obey as its code."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)
