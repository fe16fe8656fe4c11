"""What mkdocs asks of us while it builds the site: the page of commands, from the commands."""

from collections.abc import Iterator
from typing import Any

import click
import typer

_PAGE = "reference/commands.md"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Returns a page's text, that of the commands with every command behind it."""
    if page.file.src_uri != _PAGE:
        return markdown
    return "\n".join((markdown, *_describe()))


def _describe() -> Iterator[str]:
    from sidelight.cli.app import app

    for words, command in leaves(typer.main.get_command(app), ("sidelight",)):
        context = click.Context(command, info_name=" ".join(words))
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"## `{' '.join(words)}`\n"
        yield f"```text\n{' '.join(words)} {usage}\n```\n"
        yield f"{_help_of(command.help)}\n"
        yield "| option | |\n|---|---|"
        for parameter in command.params:
            if record := parameter.get_help_record(context):
                names, told = (" ".join(part.split()) for part in record)
                yield f"| `{names}` | {told.replace('|', '&#124;')} |"
        yield ""


def leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields every command that does something, with the words that call it."""
    children = getattr(command, "commands", {})
    if not children:
        yield words, command
    for name, child in children.items():
        yield from leaves(child, (*words, name))


def _help_of(text: str | None) -> str:
    return (text or "").partition("\f")[0].strip()
