"""The bar that long commands show on stderr."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.control import Control
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeRemainingColumn,
)
from rich.segment import ControlType
from rich.text import Text

from sidelight.cli.messages import count, printable, say

_SECONDS_BETWEEN_LINES = 30
_EMPTY_LINE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))


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


class PhaseLog:
    """Tells a log what a bar tells a terminal: each phase as it begins, then how far it is.

    How far is told every half minute at most. On a terminal it says nothing.
    """

    def __init__(self) -> None:
        self._is_silent = Console(stderr=True).is_terminal
        self._phase, self._told = "", 0.0

    def tell(self, phase: str, how_far: str = "") -> None:
        """Says what is under way, where it has just begun or half a minute has passed."""
        now = time.monotonic()
        if self._is_silent or (phase == self._phase and now - self._told < _SECONDS_BETWEEN_LINES):
            return
        self._phase, self._told = phase, now
        say(f"{phase}: {how_far}" if how_far else phase)


class _Rate(ProgressColumn):
    """Pictures per second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


class Counted:
    """Tells how many pictures are done, how many a second, and how long the rest will take.

    A terminal gets a bar; a log gets a line every half minute, and all get one at the end.
    """

    def __init__(self, total: int | None) -> None:
        """Takes how many there are, None where that is not known."""
        self._total, self._done = total, 0
        self._start = self._told = time.monotonic()
        console = Console(stderr=True)
        # drawn only when told, so that it never comes in the middle of a line that is printed
        self._bar = Progress(
            _Description(),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("coding", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        if self._done:
            say(self._line())

    def clear(self) -> None:
        """Takes the bar away from the line in which something is to be printed."""
        if not self._bar.disable:
            self._bar.console.control(_EMPTY_LINE)

    def advance(self) -> None:
        """Tells that one more is done."""
        self._done += 1
        self._bar.advance(self._task)
        self._bar.refresh()
        if self._bar.disable and time.monotonic() - self._told > _SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            say(self._line())

    def _line(self) -> str:
        seconds = time.monotonic() - self._start
        done = count(self._done, "picture")
        line = f"{self._done} of {self._total} pictures" if self._total else done
        line += f" in {seconds:.1f} s, {self._done / seconds:.2f} per second"
        if self._total and self._done < self._total:
            line += f", {(self._total - self._done) * seconds / self._done:.0f} s left"
        return line
