"""The bar that long commands show on stderr."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeRemainingColumn,
)
from rich.text import Text

from sidelight.cli.streams import printable


class _Description(ProgressColumn):
    """What is under way, often a file's name: in which neither codes nor markup count."""

    def render(self, task: Task) -> Text:
        return Text(printable(task.description))


def progress_bar(*, transient: bool = False) -> Progress:
    """Returns a bar with what is under way, how many of how many are done, and the time left.

    Args:
        transient: Whether it goes away when all is done, and is not there but on a terminal.
    """
    console = Console(stderr=True)
    return Progress(
        _Description(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=transient,
        disable=transient and not console.is_terminal,
    )
