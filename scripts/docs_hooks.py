"""What mkdocs asks of us while it builds the site: pages that are made of something else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer

_ROOT = Path(__file__).parents[1]
_COMMANDS = "reference/commands.md"
_BESIDE_DOCS = {
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "browser.md": "web/README.md",
}


def on_files(files: Any, config: Any) -> Any:
    """Adds pages that stand beside docs/, with their links as the site has them."""
    from mkdocs.structure.files import File

    for page, source in _BESIDE_DOCS.items():
        text = (_ROOT / source).read_text("utf-8")
        text = text.replace("](../docs/", "](").replace("](docs/", "](")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Returns a page's text; that of the commands with each of them, as the program has them."""
    if page.file.src_uri != _COMMANDS:
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
